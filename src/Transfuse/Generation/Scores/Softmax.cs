namespace Transfuse.Generation.Scores;

/// <summary>Probabilities of scores, in double.</summary>
internal static class Softmax
{
    /// <summary>e^score / Σ e^score.</summary>
    internal static double[] Of(ReadOnlySpan<float> scores)
    {
        var probabilities = new double[scores.Length];
        var (max, logSum) = LogSum(scores);
        for (var i = 0; i < probabilities.Length; i++)
        {
            probabilities[i] = Math.Exp(scores[i] - max - logSum);
        }

        return probabilities;
    }

    /// <summary>Turns scores into log-probabilities in place.</summary>
    internal static void Log(Span<float> scores)
    {
        var (max, logSum) = LogSum(scores);
        foreach (ref var score in scores)
        {
            score = (float)(score - max - logSum);
        }
    }

    // The highest score and log Σ e^(score − highest).
    private static (double Max, double LogSum) LogSum(ReadOnlySpan<float> scores)
    {
        var max = double.NegativeInfinity;
        foreach (var score in scores)
        {
            max = Math.Max(max, score);
        }

        var sum = 0.0;
        foreach (var score in scores)
        {
            sum += Math.Exp(score - max);
        }

        return (max, Math.Log(sum));
    }
}
