using Transfuse.Tensors.Random;

namespace Transfuse.Generation;

/// <summary>Draws a token from candidates that are sorted by probability, descending.</summary>
internal sealed class TokenSampler(GenerationOptions options, RandomStream random)
{
    /// <summary>Candidates that have to be asked for from a vocabulary of <paramref name="vocabulary"/>.</summary>
    internal int CandidateCount(int vocabulary) =>
        options.Temperature == 0 ? 1 : options.TopK == 0 ? vocabulary : Math.Min(options.TopK, vocabulary);

    /// <summary>The index of the chosen candidate: temperature, then top-k (by the number of candidates), then top-p, as in transformers.</summary>
    internal int Choose(ReadOnlySpan<float> logProbabilities)
    {
        if (options.Temperature == 0)
        {
            return 0;
        }

        var weights = new double[logProbabilities.Length];
        var total = 0.0;
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = Math.Exp((logProbabilities[i] - logProbabilities[0]) / options.Temperature);
            total += weights[i];
        }

        var (kept, mass) = Nucleus(weights, total);
        var point = random.NextDouble() * mass;
        for (var i = 0; i < kept - 1; i++)
        {
            point -= weights[i];
            if (point < 0)
            {
                return i;
            }
        }

        return kept - 1;
    }

    private (int Kept, double Mass) Nucleus(double[] weights, double total)
    {
        if (options.TopP >= 1)
        {
            return (weights.Length, total);
        }

        var mass = 0.0;
        for (var i = 0; i < weights.Length; i++)
        {
            mass += weights[i];
            if (mass >= options.TopP * total)
            {
                return (i + 1, mass);
            }
        }

        return (weights.Length, mass);
    }
}
