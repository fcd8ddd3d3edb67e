namespace Transfuse.Generation.Scores;

/// <summary>Keeps the <paramref name="count"/> highest scores and those equal to the last of them, at least <paramref name="leastKept"/>.</summary>
internal sealed class TopK(int count, int leastKept = 1) : ScoreProcessor
{
    internal override void Apply(ReadOnlySpan<int> ids, int newTokens, Span<float> scores)
    {
        var kept = Math.Max(count, leastKept);
        if (kept >= scores.Length)
        {
            return;
        }

        // The root is the lowest of the highest so far.
        var highest = new PriorityQueue<float, float>(kept);
        foreach (var score in scores)
        {
            if (highest.Count < kept)
            {
                highest.Enqueue(score, score);
            }
            else if (score > highest.Peek())
            {
                highest.EnqueueDequeue(score, score);
            }
        }

        var lowest = highest.Peek();
        foreach (ref var score in scores)
        {
            score = score < lowest ? float.NegativeInfinity : score;
        }
    }
}
