using Transfuse.Tensors.Devices.Cpu.Gemm;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>The three products with a head W [v, h] for a chunk of rows; G is the gradient of the logits.</summary>
/// <param name="weight">W.</param>
/// <param name="h">Columns of W.</param>
/// <param name="v">Rows of W.</param>
internal readonly unsafe struct HeadProducts(Tensor weight, int h, int v)
{
    /// <summary>logits [rows, v] = hidden·Wᵀ.</summary>
    internal GemmArguments Logits(int rows, float* hidden, float* logits) =>
        new(MatMulLayout.NT, rows, v, h, hidden, Data, logits, null, weight.Resting);

    /// <summary>dHidden [rows, h] = G·W.</summary>
    internal GemmArguments HiddenGradient(int rows, float* gradient, float* dHidden) =>
        new(MatMulLayout.NN, rows, h, v, gradient, Data, dHidden, null, weight.Resting);

    /// <summary>dW [v, h] += Gᵀ·hidden.</summary>
    internal GemmArguments WeightGradient(int rows, float* gradient, float* hidden, float* dWeight) =>
        new(MatMulLayout.TN, v, h, rows, gradient, hidden, dWeight, dWeight);

    // A weight of a rehearsal has no elements, and none are read.
    private float* Data => CpuDevice.DataUnlessResting(weight);
}
