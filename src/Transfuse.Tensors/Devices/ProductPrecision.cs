namespace Transfuse.Tensors.Devices;

/// <summary>Precision of the operands of matrix products. Parameters, activations, sums and optimiser states are float32 either way.</summary>
public enum ProductPrecision
{
    /// <summary>Operands as they are.</summary>
    Float32,

    /// <summary>Operands rounded to bfloat16 (8 bits of fraction), products and sums in float32: up to twice the rate, by processor (<see cref="KernelTiers.PrefersBFloat16"/>).</summary>
    BFloat16,

    /// <summary>
    /// Products with quantised weights in integers of 8 bits (AVX512_VNNI): activations are rounded to 127 steps of the largest of 32 neighbours, sums over 32 are exact,
    /// and those are added in float32. All other products are computed in the faster of bfloat16 and float32. For reading with a model, not for training.
    /// </summary>
    Int8,
}
