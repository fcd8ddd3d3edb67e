namespace Transfuse.Tensors.Optimizers;

/// <summary>Settings of AdamW (Loshchilov and Hutter 2019).</summary>
public sealed record AdamWOptions
{
    /// <summary>Decay of the first moment.</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>Decay of the second moment.</summary>
    public float Beta2 { get; init; } = 0.95f;

    /// <summary>Added to the root of the second moment.</summary>
    public float Epsilon { get; init; } = 1e-8f;

    /// <summary>Decoupled weight decay, applied to parameters whose <see cref="Autograd.Parameter.Decays"/> is set.</summary>
    public float WeightDecay { get; init; } = 0.1f;

    /// <summary>How the moments are kept.</summary>
    public OptimizerStates States { get; init; }
}
