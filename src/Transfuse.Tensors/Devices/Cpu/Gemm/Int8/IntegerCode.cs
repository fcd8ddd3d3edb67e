using Transfuse.Tensors.Devices.Cpu.Gemm.Assembled;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Int8;

/// <summary>The assembled loops of integer products, ready to be called.</summary>
/// <remarks>A call takes a tenth of a millisecond at most, so it need not let the garbage collector in: a collection waits that long.</remarks>
internal sealed unsafe class IntegerCode : IDisposable
{
    private const int MostVectors = 2;
    private readonly ExecutableMemory _memory;
    private readonly List<int> _starts;

    private IntegerCode(ExecutableMemory memory, List<int> starts)
    {
        _memory = memory;
        _starts = starts;
    }

    /// <summary>Assembles the loops; null where the system lets no memory become executable, with its reason.</summary>
    internal static IntegerCode? TryCreate(out string? refusal)
    {
        var windows = OperatingSystem.IsWindows();
        var code = new CodeList();
        foreach (var rows in (ReadOnlySpan<int>)[IntegerPanel.Rows, 1])
        {
            foreach (var hasMinima in (ReadOnlySpan<bool>)[false, true])
            {
                for (var vectors = 1; vectors <= MostVectors; vectors++)
                {
                    code.Add(IntegerAssembler.Assemble(rows, vectors, hasMinima, windows));
                }
            }
        }

        return code.TryLoad(out refusal) is { } memory ? new IntegerCode(memory, code.Starts) : null;
    }

    /// <summary>Multiplies panels of A with a panel of B.</summary>
    /// <param name="isOneRow">Whether panels of A have one row, not <see cref="IntegerPanel.Rows"/>.</param>
    /// <param name="hasMinima">Whether B has offsets.</param>
    /// <param name="vectors">Vectors of B, 1 or 2.</param>
    /// <param name="call">The operands.</param>
    internal void Multiply(bool isOneRow, bool hasMinima, int vectors, TileCall call)
    {
        var function = (isOneRow ? 2 * MostVectors : 0) + (hasMinima ? MostVectors : 0) + vectors - 1;
        ((delegate* unmanaged[SuppressGCTransition]<TileCall*, void>)(_memory.Code + _starts[function]))(&call);
    }

    /// <summary>Gives the code's memory back.</summary>
    public void Dispose() => _memory.Dispose();
}
