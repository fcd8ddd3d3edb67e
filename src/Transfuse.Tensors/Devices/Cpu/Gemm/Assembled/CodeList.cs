namespace Transfuse.Tensors.Devices.Cpu.Gemm.Assembled;

/// <summary>Functions one after the other, each from a cache line on, on their way to executable memory.</summary>
internal sealed class CodeList
{
    private const int Alignment = 64;
    private readonly List<byte> _code = [];
    private readonly List<int> _starts = [];

    /// <summary>Offsets of the functions, in the order in which they were added.</summary>
    internal List<int> Starts => _starts;

    /// <summary>Adds a function.</summary>
    internal void Add(byte[] function)
    {
        _code.AddRange(new byte[(Alignment - (_code.Count % Alignment)) % Alignment]);
        _starts.Add(_code.Count);
        _code.AddRange(function);
    }

    /// <summary>Copies them to where they can run; null where the system refuses, with its reason.</summary>
    internal ExecutableMemory? TryLoad(out string? refusal) => ExecutableMemory.TryCreate([.. _code], out refusal);
}
