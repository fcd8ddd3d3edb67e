namespace Transfuse.Tensors.Devices;

/// <summary>
/// A teacher's distribution for every row, kept on a few ids each: probabilities p, and the mass r on all other ids together.
/// Row i has the entries <c>RowStarts[i]</c> to <c>RowStarts[i + 1]</c>.
/// </summary>
/// <remarks>
/// The loss of a row is −Σ p·log q − r·log(1 − Q), Q the student's mass on the kept ids. r = 0 gives the plain cross entropy with p
/// as it stands, so a caller that renormalises or drops the rest says so by the values it passes.
/// </remarks>
public sealed class SparseTargets
{
    /// <summary>Start of each row's entries and the end of the last: rows + 1 numbers, ascending from 0.</summary>
    public required ReadOnlyMemory<int> RowStarts { get; init; }

    /// <summary>Vocabulary ids, no id twice in a row.</summary>
    public required ReadOnlyMemory<int> Ids { get; init; }

    /// <summary>Probability of each id.</summary>
    public required ReadOnlyMemory<float> Probabilities { get; init; }

    /// <summary>Rest mass r of each row.</summary>
    public required ReadOnlyMemory<float> RestMass { get; init; }

    /// <summary>Weight of each row's teacher term in the loss; 0 where there is no teacher.</summary>
    public required ReadOnlyMemory<float> Weights { get; init; }
}
