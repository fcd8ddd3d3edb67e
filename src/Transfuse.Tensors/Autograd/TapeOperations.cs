using Transfuse.Tensors.Autograd.Operations;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Autograd;

/// <summary>The operations that models are built from. Each checks shapes, computes, and records itself on the tape.</summary>
public static class TapeOperations
{
    /// <summary>y = x·Wᵀ + b + residual.</summary>
    /// <param name="tape">Records the operation and owns the result.</param>
    /// <param name="x">[rows, in].</param>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out], or null.</param>
    /// <param name="residual">[rows, out] added to the result, or null.</param>
    /// <returns>[rows, out].</returns>
    /// <exception cref="ShapeMismatchException">The inner dimensions or the residual do not fit.</exception>
    public static Variable Linear(this Tape tape, Variable x, Variable weight, Variable? bias = null, Variable? residual = null)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        return x.Value.Columns == weight.Value.Columns
            ? LinearOperation.Apply(tape, x, weight, bias, residual)
            : throw new ShapeMismatchException("Linear", $"{x.Value.Shape}·{weight.Value.Shape}ᵀ", "equal inner dimensions");
    }

    /// <summary>Rows of an embedding table: y[i] = factor·table[ids[i]], [ids, columns].</summary>
    public static Variable Embed(this Tape tape, ReadOnlyMemory<int> ids, Variable table, float factor = 1) => throw new NotImplementedException();

    /// <summary>y = x·(mean(x²) + ε)^(−1/2)·(w + weightOffset) over the columns.</summary>
    public static Variable RmsNorm(this Tape tape, Variable x, Variable weight, float epsilon, float weightOffset = 0) => throw new NotImplementedException();

    /// <summary>y = (x − mean)/√(var + ε)·w + b over the columns.</summary>
    public static Variable LayerNorm(this Tape tape, Variable x, Variable weight, Variable? bias, float epsilon) => throw new NotImplementedException();

    /// <summary>Rotates heads of <paramref name="x"/> in place (see <see cref="Device.Rope"/>); the gradient is rotated back in place.</summary>
    public static void RopeInPlace(
        this Tape tape, Variable x, HeadLayout layout, int heads, Tensor cos, Tensor sin, ReadOnlyMemory<int> positions) => throw new NotImplementedException();

    /// <summary>Attention over segments (see <see cref="Device.Attention"/>); query, key and value may be the same variable (a fused projection). Returns [queries, heads·size].</summary>
    public static Variable Attention(
        this Tape tape, Variable query, HeadLayout queryLayout, Variable key, HeadLayout keyLayout, Variable value, HeadLayout valueLayout,
        AttentionOptions options, ReadOnlyMemory<AttentionSegment> segments) => throw new NotImplementedException();

    /// <summary>y = f(gate)·up with gate and up the two halves of the columns.</summary>
    public static Variable Gated(this Tape tape, ActivationKind kind, Variable gateUp) => throw new NotImplementedException();

    /// <summary>y = f(x).</summary>
    public static Variable Activate(this Tape tape, ActivationKind kind, Variable x) => throw new NotImplementedException();

    /// <summary>a + b.</summary>
    public static Variable Add(this Tape tape, Variable a, Variable b) => throw new NotImplementedException();

    /// <summary>factor·x.</summary>
    public static Variable Scale(this Tape tape, Variable x, float factor) => throw new NotImplementedException();

    /// <summary>Zeroes each element with probability <paramref name="rate"/> and scales the rest by 1/(1 − rate); the identity when not recording gradients.</summary>
    public static Variable Dropout(this Tape tape, Variable x, float rate, RandomStream random) => throw new NotImplementedException();

    /// <summary>Head, softmax, hard labels and sparse teacher in one chunked operation (see <see cref="Device.LinearCrossEntropy"/>). A loss: needs no seed.</summary>
    public static CrossEntropyLosses LinearCrossEntropy(
        this Tape tape, Variable hidden, Variable weight, HeadOptions options,
        ReadOnlyMemory<int> labels, ReadOnlyMemory<float> labelWeights, SparseTargets? teacher = null)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(hidden);
        ArgumentNullException.ThrowIfNull(weight);
        return LinearCrossEntropyOperation.Apply(tape, hidden, weight, options, labels, labelWeights, teacher);
    }
}
