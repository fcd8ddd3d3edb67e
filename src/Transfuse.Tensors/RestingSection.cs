namespace Transfuse.Tensors;

/// <summary>Rows of one type within a resting weight; fused projections may have several.</summary>
/// <param name="Rows">How many.</param>
/// <param name="Type">How their elements rest.</param>
public readonly record struct RestingSection(int Rows, DType Type);
