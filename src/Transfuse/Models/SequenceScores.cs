namespace Transfuse.Models;

/// <summary>What a model thinks of one token sequence.</summary>
/// <param name="TokenIds">The sequence.</param>
/// <param name="LogProbabilities">Of each token given all before it, in nats; NaN for the first, which nothing predicts.</param>
/// <param name="TopCount">How many most probable ids are kept for each token.</param>
/// <param name="TopIds">At token i the ids <c>i·TopCount</c> to <c>(i + 1)·TopCount</c> that were most probable in its place, descending, ties to the lower id; −1 at the first token.</param>
/// <param name="TopLogProbabilities">Their log-probabilities in nats; NaN at the first token.</param>
public sealed record SequenceScores(int[] TokenIds, float[] LogProbabilities, int TopCount, int[] TopIds, float[] TopLogProbabilities)
{
    /// <summary>Σ of the log-probabilities of all tokens but the first, summed in double.</summary>
    public double TotalLogProbability => LogProbabilities.Skip(1).Sum(value => (double)value);

    /// <summary>The ids that were most probable in the place of token <paramref name="index"/>.</summary>
    public ReadOnlySpan<int> TopIdsAt(int index) => TopIds.AsSpan(index * TopCount, TopCount);

    /// <summary>Their log-probabilities.</summary>
    public ReadOnlySpan<float> TopLogProbabilitiesAt(int index) => TopLogProbabilities.AsSpan(index * TopCount, TopCount);
}
