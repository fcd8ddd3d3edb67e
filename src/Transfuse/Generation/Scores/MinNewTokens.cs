namespace Transfuse.Generation.Scores;

/// <summary>Takes the stop ids out until there are <paramref name="minimum"/> new tokens.</summary>
internal sealed class MinNewTokens(int minimum, IReadOnlyList<int> stopIds) : ScoreProcessor
{
    internal override void Apply(ReadOnlySpan<int> ids, int newTokens, Span<float> scores)
    {
        foreach (var id in stopIds)
        {
            if (newTokens < minimum && (uint)id < (uint)scores.Length)
            {
                scores[id] = float.NegativeInfinity;
            }
        }
    }
}
