namespace Transfuse.Generation.Scores;

/// <summary>Takes out every id that would complete a run of <paramref name="size"/> tokens which the sequence already has.</summary>
internal sealed class NoRepeatNGram(int size) : ScoreProcessor
{
    internal override void Apply(ReadOnlySpan<int> ids, int newTokens, Span<float> scores)
    {
        if (ids.Length < size)
        {
            return;
        }

        var prefix = ids[(ids.Length - size + 1)..];
        for (var start = 0; start + size <= ids.Length; start++)
        {
            if (ids.Slice(start, size - 1).SequenceEqual(prefix))
            {
                scores[ids[start + size - 1]] = float.NegativeInfinity;
            }
        }
    }
}
