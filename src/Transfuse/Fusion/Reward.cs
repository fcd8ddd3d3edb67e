using Transfuse.Alignment;

namespace Transfuse.Fusion;

/// <summary>A source's reward r = e^−CE, and the normalisations that several fusion functions share.</summary>
internal static class Reward
{
    /// <summary>r as FuseLLM's code has it: 1 / exp(CE), every step rounded to bfloat16.</summary>
    internal static double BFloat16(double crossEntropy) =>
        BFloat16Rounding.Round(1 / BFloat16Rounding.Round(Math.Exp(BFloat16Rounding.Round(crossEntropy))));

    /// <summary>Turns scores into their softmax over the sources that speak; the others get 0.</summary>
    internal static void Softmax(ReadOnlySpan<bool> speaks, Span<double> scores)
    {
        var maximum = double.NegativeInfinity;
        for (var i = 0; i < scores.Length; i++)
        {
            maximum = speaks[i] ? Math.Max(maximum, scores[i]) : maximum;
        }

        for (var i = 0; i < scores.Length; i++)
        {
            scores[i] = speaks[i] ? Math.Exp(scores[i] - maximum) : 0;
        }

        Normalise(scores);
    }

    /// <summary>Scales weights to sum 1.</summary>
    internal static void Normalise(Span<double> weights)
    {
        var sum = 0.0;
        foreach (var weight in weights)
        {
            sum += weight;
        }

        foreach (ref var weight in weights)
        {
            weight /= sum;
        }
    }
}
