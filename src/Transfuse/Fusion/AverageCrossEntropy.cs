using Transfuse.Alignment;

namespace Transfuse.Fusion;

/// <summary>
/// AvgCE as FuseLLM's code has it: w = softmax over the sources of the reward e^−CE. Rewards lie in (0, 1), so no two weights differ by
/// more than the factor e: a nearly uniform average. See <see cref="TemperedAverage"/> for a sharp one.
/// </summary>
public sealed class AverageCrossEntropy : IFusionFunction
{
    /// <summary>Whether rewards and weights are rounded to bfloat16 as in FuseLLM's code.</summary>
    public bool RoundToBFloat16 { get; init; }

    /// <inheritdoc/>
    public void Weigh(in FusionPosition position, Span<double> weights)
    {
        for (var source = 0; source < weights.Length; source++)
        {
            weights[source] = RoundToBFloat16
                ? Reward.BFloat16(position.CrossEntropies[source])
                : Math.Exp(-position.CrossEntropies[source]);
        }

        Reward.Softmax(position.Speaks, weights);
        if (RoundToBFloat16)
        {
            foreach (ref var weight in weights)
            {
                weight = BFloat16Rounding.Round(weight);
            }
        }
    }
}
