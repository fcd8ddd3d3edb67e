using Transfuse.Generation.Scores;
using Transfuse.Tensors.Random;

namespace Transfuse.Generation;

/// <summary>Chooses the next token of a sequence from its scores: the highest, or one drawn by its probability.</summary>
internal sealed class TokenChooser(GenerationOptions options)
{
    private readonly ScorePipeline _pipeline = new(options);

    /// <summary>The chosen id; of equal scores the lowest id. Changes the scores.</summary>
    internal int Choose(ReadOnlySpan<int> ids, int newTokens, Span<float> scores, RandomStream random)
    {
        _pipeline.Apply(ids, newTokens, scores);
        return options.Temperature == 0 ? Highest(scores) : Draw(scores, random);
    }

    private static int Highest(ReadOnlySpan<float> scores)
    {
        var best = 0;
        for (var id = 1; id < scores.Length; id++)
        {
            best = scores[id] > scores[best] ? id : best;
        }

        return best;
    }

    private static int Draw(ReadOnlySpan<float> scores, RandomStream random)
    {
        var probabilities = Softmax.Of(scores);
        var point = random.NextDouble();
        var last = 0;
        for (var id = 0; id < probabilities.Length; id++)
        {
            if (probabilities[id] == 0)
            {
                continue;
            }

            last = id;
            point -= probabilities[id];
            if (point < 0)
            {
                break;
            }
        }

        return last;
    }
}
