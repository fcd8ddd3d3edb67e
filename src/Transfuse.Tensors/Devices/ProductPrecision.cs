namespace Transfuse.Tensors.Devices;

/// <summary>Precision of the operands of matrix products. Parameters, activations, sums and optimiser states are float32 either way.</summary>
public enum ProductPrecision
{
    /// <summary>Operands as they are.</summary>
    Float32,

    /// <summary>Operands rounded to bfloat16 (8 bits of fraction), products and sums in float32: up to twice the rate, by processor (<see cref="KernelTiers.PrefersBFloat16"/>).</summary>
    BFloat16,
}
