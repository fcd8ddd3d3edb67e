namespace Transfuse.Fusion;

/// <summary>w = r / Σ r with the reward r = e^−CE, which is <see cref="TemperedAverage"/> at τ = 1.</summary>
public sealed class RewardShareAverage : IFusionFunction
{
    private readonly TemperedAverage _softmax = new(1);

    /// <inheritdoc/>
    public void Weigh(in FusionPosition position, Span<double> weights) => _softmax.Weigh(position, weights);
}
