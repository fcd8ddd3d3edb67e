namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>The part of the shared operand that is packed at one time.</summary>
/// <param name="FirstDepth">First depth.</param>
/// <param name="Depth">Number of depths.</param>
/// <param name="FirstLine">First line of the shared operand.</param>
/// <param name="Lines">Number of its lines.</param>
internal readonly record struct GemmSlab(int FirstDepth, int Depth, int FirstLine, int Lines);
