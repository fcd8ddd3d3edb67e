namespace Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;

/// <summary>The assembled loops for tiles of one, two and three vectors, ready to be called.</summary>
internal sealed unsafe class TileCode : IDisposable
{
    private const int MostVectors = 3;
    private const int Alignment = 64;
    private readonly ExecutableMemory _memory;
    private readonly delegate* unmanaged<TileCall*, void>[] _functions = new delegate* unmanaged<TileCall*, void>[MostVectors];

    private TileCode(ExecutableMemory memory, int[] starts)
    {
        _memory = memory;
        for (var i = 0; i < MostVectors; i++)
        {
            _functions[i] = (delegate* unmanaged<TileCall*, void>)(memory.Code + starts[i]);
        }
    }

    /// <summary>Assembles the loops; null where the system lets no memory become executable, with its reason.</summary>
    internal static TileCode? TryCreate(out string? refusal)
    {
        var code = new List<byte>();
        var starts = new int[MostVectors];
        for (var i = 0; i < MostVectors; i++)
        {
            code.AddRange(new byte[(Alignment - (code.Count % Alignment)) % Alignment]);
            starts[i] = code.Count;
            code.AddRange(TileAssembler.Assemble(i + 1, OperatingSystem.IsWindows()));
        }

        return ExecutableMemory.TryCreate([.. code], out refusal) is { } memory ? new TileCode(memory, starts) : null;
    }

    /// <summary>The loop for tiles of <paramref name="vectors"/> vectors.</summary>
    internal delegate* unmanaged<TileCall*, void> this[int vectors] => _functions[vectors - 1];

    /// <summary>Gives the code's memory back.</summary>
    public void Dispose() => _memory.Dispose();
}
