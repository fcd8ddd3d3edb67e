namespace Transfuse.Tensors.Devices;

/// <summary>Which operand of a matrix product is stored transposed. The product is always C [m, n] over a common dimension k.</summary>
public enum MatMulLayout
{
    /// <summary>C = A·Bᵀ with A [m, k], B [n, k]: a linear layer forward.</summary>
    NT,

    /// <summary>C = A·B with A [m, k], B [k, n]: the gradient of a linear layer's input.</summary>
    NN,

    /// <summary>C = Aᵀ·B with A [k, m], B [k, n]: the gradient of a linear layer's weight.</summary>
    TN,
}
