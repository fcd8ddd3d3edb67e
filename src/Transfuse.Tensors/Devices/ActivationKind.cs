namespace Transfuse.Tensors.Devices;

/// <summary>Elementwise activation functions.</summary>
public enum ActivationKind
{
    /// <summary>x·σ(x).</summary>
    Silu,

    /// <summary>x·Φ(x) through erf.</summary>
    Gelu,

    /// <summary>0.5x(1 + tanh(√(2/π)(x + 0.044715x³))).</summary>
    GeluTanh,

    /// <summary>max(x, 0).</summary>
    Relu,
}
