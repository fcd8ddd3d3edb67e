namespace Transfuse.Tensors.Devices;

/// <summary>One AdamW step (Loshchilov and Hutter 2019, decoupled decay).</summary>
/// <param name="LearningRate">Step size η.</param>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to √v̂.</param>
/// <param name="WeightDecay">Decay λ; the parameter shrinks by η·λ.</param>
/// <param name="Step">Number of this step, from 1, for bias correction.</param>
/// <param name="GradientScale">Factor on the gradient first, for clipping.</param>
public readonly record struct AdamWArguments(
    float LearningRate, float Beta1, float Beta2, float Epsilon, float WeightDecay, int Step, float GradientScale);
