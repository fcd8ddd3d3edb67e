using Transfuse.Tensors.Devices.Cpu.Gemm.Assembled;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;

/// <summary>The assembled loops of bfloat16 products, ready to be called.</summary>
/// <remarks>A call takes a tenth of a millisecond at most, so it need not let the garbage collector in: a collection waits that long.</remarks>
internal sealed unsafe class BFloat16Code : IDisposable
{
    private const int MostVectors = 3, Products = 2 * MostVectors;
    private readonly ExecutableMemory _memory;
    private readonly delegate* unmanaged[SuppressGCTransition]<TileCall*, void>[] _products = new delegate* unmanaged[SuppressGCTransition]<TileCall*, void>[Products];
    private readonly PackingLoops _fromSingle, _fromBFloat16;

    private BFloat16Code(ExecutableMemory memory, List<int> starts)
    {
        _memory = memory;
        for (var i = 0; i < Products; i++)
        {
            _products[i] = (delegate* unmanaged[SuppressGCTransition]<TileCall*, void>)(memory.Code + starts[i]);
        }

        _fromSingle = new PackingLoops(memory.Code, starts[Products..]);
        _fromBFloat16 = new PackingLoops(memory.Code, starts[(Products + PackingLoops.Count)..]);
    }

    /// <summary>Assembles the loops; null where the system lets no memory become executable, with its reason.</summary>
    internal static BFloat16Code? TryCreate(out string? refusal)
    {
        var windows = OperatingSystem.IsWindows();
        var code = new CodeList();
        foreach (var rows in (ReadOnlySpan<int>)[TileAssembler.Rows, 1])
        {
            for (var vectors = 1; vectors <= MostVectors; vectors++)
            {
                code.Add(TileAssembler.Assemble(rows, vectors, windows));
            }
        }

        foreach (var isBFloat16 in (ReadOnlySpan<bool>)[false, true])
        {
            for (var vectors = 1; vectors <= MostVectors; vectors++)
            {
                code.Add(PackingAssembler.AssembleCopy(vectors, isBFloat16, windows));
            }

            code.Add(PackingAssembler.AssembleCopyPanel(isBFloat16, windows));
            code.Add(PackingAssembler.AssembleCopyGroup(isBFloat16, windows));
            code.Add(PackingAssembler.AssembleTranspose(isBFloat16, windows));
        }

        return code.TryLoad(out refusal) is { } memory ? new BFloat16Code(memory, code.Starts) : null;
    }

    /// <summary>The product for tiles of <paramref name="vectors"/> vectors and of <see cref="TileAssembler.Rows"/> rows or a single one.</summary>
    internal delegate* unmanaged[SuppressGCTransition]<TileCall*, void> Product(int vectors, bool isOneRow = false) => _products[vectors - 1 + (isOneRow ? MostVectors : 0)];

    /// <summary>The loops that pack float32 or bfloat16.</summary>
    internal PackingLoops Packing(bool isBFloat16) => isBFloat16 ? _fromBFloat16 : _fromSingle;

    /// <summary>Gives the code's memory back.</summary>
    public void Dispose() => _memory.Dispose();
}
