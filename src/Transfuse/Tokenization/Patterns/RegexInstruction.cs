namespace Transfuse.Tokenization.Patterns;

/// <summary>One instruction of the matcher.</summary>
/// <param name="Opcode">What it does.</param>
/// <param name="X">First operand.</param>
/// <param name="Y">Second operand.</param>
/// <param name="Set">Set of scalars.</param>
/// <param name="Look">How a nested expression is run; null for an atomic group.</param>
internal sealed record RegexInstruction(RegexOpcode Opcode, int X = 0, int Y = 0, ScalarSet? Set = null, RegexNode.Look? Look = null);
