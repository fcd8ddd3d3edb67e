namespace Transfuse.Generation.Scores;

/// <summary>The processors that options ask for, in the order of transformers.</summary>
internal sealed class ScorePipeline
{
    private readonly ScoreProcessor[] _processors;

    internal ScorePipeline(GenerationOptions options) => _processors = [.. Build(options)];

    /// <summary>Runs all processors.</summary>
    internal void Apply(ReadOnlySpan<int> ids, int newTokens, Span<float> scores)
    {
        foreach (var processor in _processors)
        {
            processor.Apply(ids, newTokens, scores);
        }
    }

    private static IEnumerable<ScoreProcessor> Build(GenerationOptions options)
    {
        if (options.RepetitionPenalty != 1)
        {
            yield return new RepetitionPenalty(options.RepetitionPenalty);
        }

        if (options.NoRepeatNGramSize > 0)
        {
            yield return new NoRepeatNGram(options.NoRepeatNGramSize);
        }

        if (options.MinNewTokens > 0)
        {
            yield return new MinNewTokens(options.MinNewTokens, options.StopIds);
        }

        if (options.Temperature == 0)
        {
            yield break;
        }

        // The others only matter where tokens are drawn.
        yield return new Temperature(options.Temperature);
        if (options.TopK > 0)
        {
            yield return new TopK(options.TopK);
        }

        if (options.TopP < 1)
        {
            yield return new TopP(options.TopP);
        }

        if (options.MinP > 0)
        {
            yield return new MinP(options.MinP);
        }
    }
}
