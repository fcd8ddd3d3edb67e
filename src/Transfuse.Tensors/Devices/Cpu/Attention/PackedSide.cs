namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>One side of a product of tiles, packed by <see cref="AttentionProducts{TKernel}"/>.</summary>
/// <param name="data">Panel after panel, as the kernel reads them.</param>
/// <param name="depth">Depths of each panel.</param>
internal readonly unsafe struct PackedSide(byte* data, int depth)
{
    internal byte* Data { get; } = data;

    internal int Depth { get; } = depth;
}
