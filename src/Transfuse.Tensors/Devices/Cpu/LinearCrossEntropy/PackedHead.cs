using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Memory;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>
/// The weight of a head, packed once for all chunks of rows: for the logits, and for the gradient of the hidden rows. A chunk's products use each weight
/// for few rows, so that packing it anew would be a tenth of their time.
/// </summary>
internal readonly unsafe ref struct PackedHead
{
    // Larger heads are packed chunk by chunk: a copy that the third-level cache does not hold is read no faster than the weight itself.
    private const long MostFloats = 1 << 23;

    private readonly ScratchMemory _memory;

    /// <summary>Packs what is worth it.</summary>
    /// <param name="device">Whose kernels will read it.</param>
    /// <param name="memory">Where it is kept; where that only counts, nothing is packed.</param>
    /// <param name="products">The products.</param>
    /// <param name="chunk">Rows of a chunk.</param>
    /// <param name="withHidden">Whether the gradient of the hidden rows is wanted.</param>
    /// <param name="isRepeated">Whether there is more than one chunk.</param>
    internal PackedHead(CpuDevice device, MemoryPool memory, scoped in HeadProducts products, int chunk, bool withHidden, bool isRepeated)
    {
        var (forLogits, forHidden) = Floats(device, products, chunk, withHidden, isRepeated);
        _memory = new ScratchMemory(memory, forLogits + forHidden);
        if (forLogits > 0)
        {
            ForLogits = memory.CountsOnly ? default(PackedColumns) : device.PackColumns(products.Logits(chunk, null, null), _memory.Data);
        }

        if (forHidden > 0)
        {
            ForHidden = memory.CountsOnly ? default(PackedColumns) : device.PackColumns(products.HiddenGradient(chunk, null, null), _memory.Data + forLogits);
        }
    }

    /// <summary>Columns of hidden·Wᵀ; none where they are not packed.</summary>
    internal PackedColumns? ForLogits { get; }

    /// <summary>Columns of G·W; none where they are not packed.</summary>
    internal PackedColumns? ForHidden { get; }

    // Floats of the copies; 0 for one that is not made.
    private static (long ForLogits, long ForHidden) Floats(CpuDevice device, in HeadProducts products, int chunk, bool withHidden, bool isRepeated)
    {
        var forLogits = isRepeated ? device.PackedColumnsFloats(products.Logits(chunk, null, null)) : 0;
        var forHidden = isRepeated && withHidden ? device.PackedColumnsFloats(products.HiddenGradient(chunk, null, null)) : 0;
        return (forLogits > MostFloats ? 0 : forLogits, forHidden > MostFloats ? 0 : forHidden);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => _memory.Dispose();
}
