namespace Transfuse.Generation.Scores;

/// <summary>
/// Keeps the fewest most probable tokens whose probabilities reach <paramref name="share"/> (Holtzman et al. 2020): an id goes if it and all
/// less probable ones sum to at most 1 − share.
/// </summary>
internal sealed class TopP(double share, int leastKept = 1) : ScoreProcessor
{
    internal override void Apply(ReadOnlySpan<int> ids, int newTokens, Span<float> scores)
    {
        // Ids that are out already need no sorting; of equal scores the lower id counts as the less probable, as a stable sort has them.
        var order = new List<int>();
        for (var id = 0; id < scores.Length; id++)
        {
            if (!float.IsNegativeInfinity(scores[id]))
            {
                order.Add(id);
            }
        }

        var values = scores.ToArray();
        order.Sort((a, b) => values[a] != values[b] ? values[a].CompareTo(values[b]) : a.CompareTo(b));
        var probabilities = Softmax.Of(scores);
        var sum = 0.0;
        for (var i = 0; i < order.Count - leastKept; i++)
        {
            sum += probabilities[order[i]];
            if (sum > 1 - share)
            {
                break;
            }

            scores[order[i]] = float.NegativeInfinity;
        }
    }
}
