namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>The heads of a matrix as addresses: a <see cref="Tensor"/> with its <see cref="HeadLayout"/>, for kernels only.</summary>
internal readonly unsafe struct HeadRows(float* data, nint rowStride, nint headStride)
{
    internal HeadRows(Tensor tensor, HeadLayout layout)
        : this(tensor.Data + layout.Offset, tensor.Columns, layout.Stride)
    {
    }

    /// <summary>Elements from one row to the next.</summary>
    internal nint RowStride { get; } = rowStride;

    /// <summary>First element of one head in one row.</summary>
    internal float* At(int row, int head) => data + (row * RowStride) + (head * headStride);
}
