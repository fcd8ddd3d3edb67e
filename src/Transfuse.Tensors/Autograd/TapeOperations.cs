using Transfuse.Tensors.Autograd.Operations;
using Transfuse.Tensors.Errors;

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
}
