using Transfuse.Errors;

namespace Transfuse.Fusion;

/// <summary>w = softmax over the sources of −CE / τ: MinCE for τ → 0, the plain average for τ → ∞.</summary>
public sealed class TemperedAverage : IFusionFunction
{
    private readonly double _temperature;

    /// <summary>Creates the function.</summary>
    /// <param name="temperature">τ in the unit of the cross entropies, &gt; 0.</param>
    /// <exception cref="TransfuseException">The temperature is not positive.</exception>
    public TemperedAverage(double temperature)
    {
        if (!(temperature > 0))
        {
            throw new TransfuseException($"The temperature of a tempered average is {temperature}; expected a positive number.");
        }

        _temperature = temperature;
    }

    /// <inheritdoc/>
    public void Weigh(in FusionPosition position, Span<double> weights)
    {
        for (var source = 0; source < weights.Length; source++)
        {
            weights[source] = -position.CrossEntropies[source] / _temperature;
        }

        Reward.Softmax(position.Speaks, weights);
    }
}
