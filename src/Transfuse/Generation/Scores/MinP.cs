namespace Transfuse.Generation.Scores;

/// <summary>Keeps the tokens whose probability is at least <paramref name="share"/> of the highest (Nguyen et al. 2024), at least <paramref name="leastKept"/>.</summary>
internal sealed class MinP(double share, int leastKept = 1) : ScoreProcessor
{
    internal override void Apply(ReadOnlySpan<int> ids, int newTokens, Span<float> scores)
    {
        var probabilities = Softmax.Of(scores);
        var threshold = share * probabilities.Max();
        var kept = probabilities.Count(probability => probability >= threshold);
        if (kept < leastKept)
        {
            new TopK(leastKept).Apply(ids, newTokens, scores);
            return;
        }

        for (var id = 0; id < scores.Length; id++)
        {
            scores[id] = probabilities[id] < threshold ? float.NegativeInfinity : scores[id];
        }
    }
}
