namespace Transfuse.Generation.Scores;

/// <summary>
/// Keeps the fewest most probable tokens whose probabilities reach <paramref name="share"/> (Holtzman et al. 2020): an id stays while those
/// more probable sum to less. Of equal scores the lower id counts as the more probable.
/// </summary>
internal sealed class TopP(double share, int leastKept = 1) : ScoreProcessor
{
    internal override void Apply(ReadOnlySpan<int> ids, int newTokens, Span<float> scores)
    {
        var probabilities = Softmax.Of(scores);
        var candidates = new List<(int Id, (float Score, int Id) Order)>();
        for (var id = 0; id < scores.Length; id++)
        {
            if (!float.IsNegativeInfinity(scores[id]))
            {
                candidates.Add((id, (-scores[id], id)));
            }
        }

        // A heap: few of a large vocabulary stay, so that sorting them all would be work for nothing.
        var queue = new PriorityQueue<int, (float Score, int Id)>(candidates);
        var sum = 0.0;
        for (var kept = 0; queue.Count > 0 && (kept < leastKept || sum < share); kept++)
        {
            sum += probabilities[queue.Dequeue()];
        }

        foreach (var (id, _) in queue.UnorderedItems)
        {
            scores[id] = float.NegativeInfinity;
        }
    }
}
