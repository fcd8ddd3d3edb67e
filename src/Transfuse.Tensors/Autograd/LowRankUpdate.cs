namespace Transfuse.Tensors.Autograd;

/// <summary>What an adapter adds to rows of a weight: factor·up·down (LoRA, Hu et al. 2021), and a length for each of those rows (DoRA, Liu et al. 2024).</summary>
/// <param name="FirstRow">First row of the weight that it changes; the others are as many as <paramref name="Up"/> has.</param>
/// <param name="Up">B, [rows, rank].</param>
/// <param name="Down">A, [rank, columns].</param>
/// <param name="Factor">s.</param>
/// <param name="Magnitude">[rows]: the length that each row gets in the end; null leaves what comes.</param>
public sealed record LowRankUpdate(int FirstRow, Variable Up, Variable Down, float Factor, Variable? Magnitude = null);
