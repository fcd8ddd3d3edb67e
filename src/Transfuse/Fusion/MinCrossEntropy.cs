namespace Transfuse.Fusion;

/// <summary>MinCE (FuseLLM, eq. 5): the source of least cross entropy speaks alone, P = P_{s*}, s* = argmin_s CE_s.</summary>
public sealed class MinCrossEntropy : IFusionFunction
{
    /// <summary>
    /// Whether to compare rewards 1 / e^CE in bfloat16 as FuseLLM's code does, which lets sources within about 0.016 nats tie.
    /// </summary>
    public bool RoundToBFloat16 { get; init; }

    /// <summary>Whether the last of equals wins rather than the first: FuseLLM's code without the base model among the sources.</summary>
    public bool LastWinsTies { get; init; }

    /// <inheritdoc/>
    public void Weigh(in FusionPosition position, Span<double> weights)
    {
        var best = -1;
        var bestReward = 0.0;
        for (var source = 0; source < weights.Length; source++)
        {
            if (!position.Speaks[source])
            {
                continue;
            }

            var reward = RoundToBFloat16 ? Reward.BFloat16(position.CrossEntropies[source]) : -position.CrossEntropies[source];
            if (best < 0 || reward > bestReward || (LastWinsTies && reward == bestReward))
            {
                (best, bestReward) = (source, reward);
            }
        }

        weights[best] = 1;
    }
}
