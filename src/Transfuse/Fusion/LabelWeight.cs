namespace Transfuse.Fusion;

/// <summary>
/// The weight λ of the hard labels against the fusion term, L = λ·L_labels + (1 − λ)·L_fusion, as FuseLLM's code varies it.
/// </summary>
public static class LabelWeight
{
    /// <summary>λ_t = λ + (1 − λ)·t / t_max: the fusion term fades out ("hard_and_decay").</summary>
    /// <param name="weight">λ at the start, in [0, 1].</param>
    /// <param name="step">Steps done.</param>
    /// <param name="steps">Steps of the whole training.</param>
    public static double Decayed(double weight, int step, int steps)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(steps);
        return weight + ((1 - weight) * step / steps);
    }

    /// <summary>λ = 1 − max_s r_s for MinCE, 1 − mean_s r_s for AvgCE, r = e^−CE ("soft").</summary>
    /// <param name="crossEntropies">Cross entropy of each source, at least one.</param>
    /// <param name="average">Whether the mean reward counts rather than the greatest.</param>
    public static double FromRewards(ReadOnlySpan<double> crossEntropies, bool average)
    {
        ArgumentOutOfRangeException.ThrowIfZero(crossEntropies.Length, nameof(crossEntropies));
        var (sum, greatest) = (0.0, 0.0);
        foreach (var crossEntropy in crossEntropies)
        {
            var reward = Math.Exp(-crossEntropy);
            sum += reward;
            greatest = Math.Max(greatest, reward);
        }

        return 1 - (average ? sum / crossEntropies.Length : greatest);
    }
}
