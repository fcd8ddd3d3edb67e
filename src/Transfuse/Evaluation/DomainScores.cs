namespace Transfuse.Evaluation;

/// <summary>One row of a comparison: a model and its bits per byte on every domain.</summary>
/// <param name="Name">Name of the row, for example <c>target/fused</c>.</param>
/// <param name="ModelType">Architecture.</param>
/// <param name="Parameters">Number of parameters.</param>
/// <param name="BitsPerByte">Bits per byte by domain, in the order of the table's columns.</param>
public sealed record DomainScores(string Name, string ModelType, long Parameters, IReadOnlyList<KeyValuePair<string, double>> BitsPerByte)
{
    /// <summary>Unweighted mean over the domains.</summary>
    public double Average => BitsPerByte.Average(domain => domain.Value);
}
