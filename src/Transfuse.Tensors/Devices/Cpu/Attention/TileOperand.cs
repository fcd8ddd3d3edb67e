namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>
/// One side of a product of tiles, seen as lines along the common dimension ("depth"): the rows of the left side, the columns of the right one.
/// </summary>
/// <param name="data">First element; pairs of bfloat16 once <see cref="AttentionProducts{T}"/> has packed them.</param>
/// <param name="stride">
/// Elements between neighbouring lines (depth contiguous) or between neighbouring depths (otherwise); of a packed right side the pairs of a line.
/// </param>
/// <param name="depthContiguous">Whether the elements of one line lie side by side, not the lines.</param>
internal readonly unsafe struct TileOperand(float* data, nint stride, bool depthContiguous)
{
    internal float* Data { get; } = data;

    internal nint Stride { get; } = stride;

    internal bool DepthContiguous { get; } = depthContiguous;

    /// <summary>The same rows in memory, one of which is now a depth if it was a line.</summary>
    internal TileOperand Exchanged() => new(Data, Stride, !DepthContiguous);
}
