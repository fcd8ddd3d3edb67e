namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>Where the backward kernel reads the output's gradient and writes the others.</summary>
/// <param name="Output">dO, heads in order.</param>
/// <param name="Query">dQ.</param>
/// <param name="Key">dK.</param>
/// <param name="Value">dV.</param>
internal readonly record struct AttentionGradients(HeadRows Output, HeadRows Query, HeadRows Key, HeadRows Value);
