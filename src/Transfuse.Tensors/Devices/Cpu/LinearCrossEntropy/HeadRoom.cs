using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Memory;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>Memory for the time of a pass over a head, and how its rows are cut into chunks. Rehearsals take it, too, and look into none of it.</summary>
internal readonly unsafe ref struct HeadRoom
{
    // What a chunk takes, and its rows: enough for the products with the head to run at full speed, whatever the vocabulary, and no more than needed.
    private const int ChunkBytes = 1 << 26;
    private const int MinimumChunkRows = 128, MaximumChunkRows = 1024;

    private readonly ScratchMemory _memory;
    private readonly long _hidden, _gradient, _logits;
    private readonly PackedHead _head;

    /// <summary>Takes the memory, and packs the head where that is worth it.</summary>
    /// <param name="device">Whose kernels will use it.</param>
    /// <param name="memory">Where from.</param>
    /// <param name="weight">The head.</param>
    /// <param name="rows">Rows to compute.</param>
    /// <param name="chunk">Rows of a chunk.</param>
    /// <param name="rowFloats">Floats kept of each row of a chunk, beside its parts.</param>
    /// <param name="gathers">Whether a chunk's hidden rows are brought together, so that their sums may not depend on their number.</param>
    /// <param name="wantsGradient">Whether logits get a gradient.</param>
    /// <param name="wantsHidden">Whether the hidden rows do.</param>
    internal HeadRoom(
        CpuDevice device, MemoryPool memory, Tensor weight, int rows, int chunk, long rowFloats, bool gathers, bool wantsGradient, bool wantsHidden)
    {
        var (v, h) = (weight.Rows, weight.Columns);
        var products = new HeadProducts(weight, h, v);
        Rows = chunk;
        (PartColumns, StoresLogits) = device.StreamedParts(products.Logits(chunk, null, null) with { HasFixedOrder = gathers });
        _hidden = Aligned(chunk * ((2L * GemmPlan.Parts(v, PartColumns)) + rowFloats));
        _gradient = Aligned(_hidden + (gathers ? (long)chunk * h : 0));
        _logits = Aligned(_gradient + (wantsGradient ? ((long)chunk * v * device.GradientSize / sizeof(float)) + 1 : 0));
        _memory = new ScratchMemory(memory, _logits + (StoresLogits ? (long)chunk * v : 0));
        try
        {
            _head = new PackedHead(device, memory, products, chunk, withHidden: wantsHidden, isRepeated: chunk < rows);
        }
        catch
        {
            _memory.Dispose();
            throw;
        }
    }

    /// <summary>Room for a cross entropy.</summary>
    internal static HeadRoom ForLosses(CpuDevice device, MemoryPool memory, Tensor weight, int rows, int slots, bool wantsGradient, bool wantsHidden)
    {
        long floats = CrossEntropyChunk<Operand>.RowFloats(slots);
        var chunk = ChunkRows(rows, Math.Max((long)weight.Rows * device.GradientSize, floats * sizeof(float)));
        return new HeadRoom(device, memory, weight, rows, chunk, floats, gathers: true, wantsGradient, wantsHidden);
    }

    /// <summary>Room for the best ids.</summary>
    internal static HeadRoom ForTopK(CpuDevice device, MemoryPool memory, Tensor weight, int rows, int k)
    {
        var floats = TopKChunk.RowFloats(k, device.Threads);
        var chunk = ChunkRows(rows, Math.Max(weight.Rows, floats) * sizeof(float));
        return new HeadRoom(device, memory, weight, rows, chunk, floats, gathers: false, wantsGradient: false, wantsHidden: false);
    }

    /// <summary>Rows of a chunk.</summary>
    internal int Rows { get; }

    /// <summary>Logits of a part of a row.</summary>
    internal int PartColumns { get; }

    /// <summary>Columns of hidden·Wᵀ; none where they are not packed.</summary>
    internal PackedColumns? ForLogits => _head.ForLogits;

    /// <summary>Columns of G·W; none where they are not packed.</summary>
    internal PackedColumns? ForHidden => _head.ForHidden;

    /// <summary>What is kept of the logits.</summary>
    internal float* Chunk => _memory.Data;

    /// <summary>The chunk's hidden rows side by side [Rows, h].</summary>
    internal float* Hidden => _memory.Data + _hidden;

    /// <summary>Gradient of the logits [Rows, v], float32 or bfloat16.</summary>
    internal float* Gradient => _memory.Data + _gradient;

    /// <summary>Whether logits are stored.</summary>
    internal bool StoresLogits { get; }

    /// <summary>The logits [Rows, v], null where they are not stored.</summary>
    internal float* Logits => StoresLogits ? _memory.Data + _logits : null;

    /// <summary>Rows of a chunk of which each takes so many bytes.</summary>
    internal static int ChunkRows(int rows, long bytes) => Math.Min(rows, (int)Math.Clamp(ChunkBytes / bytes / 8 * 8, MinimumChunkRows, MaximumChunkRows));

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        _head.Dispose();
        _memory.Dispose();
    }

    private static long Aligned(long floats) => WorkBlocks.Blocks(floats, CacheLine.Floats) * CacheLine.Floats;
}
