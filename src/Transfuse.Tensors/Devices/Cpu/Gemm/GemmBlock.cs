namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>Neighbouring lines of an operand, packed for one slab of the depth.</summary>
/// <param name="data">The panels.</param>
/// <param name="firstLine">The operand's line that is the block's first.</param>
/// <param name="lines">Number of lines.</param>
internal readonly unsafe struct GemmBlock(byte* data, int firstLine, int lines)
{
    /// <summary>First panel.</summary>
    internal byte* Data { get; } = data;

    /// <summary>The operand's line that is the block's first.</summary>
    internal int FirstLine { get; } = firstLine;

    /// <summary>Number of lines.</summary>
    internal int Lines { get; } = lines;
}
