using Transfuse.Tensors.Autograd.Operations;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Autograd;

/// <summary>The operations that models are built from. Each checks shapes, computes, and records itself on the tape.</summary>
public static class TapeOperations
{
    /// <summary>y = min(max(x, −limit), limit). The gradient flows where |x| ≤ limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative or no number.</exception>
    public static Variable Clamp(this Tape tape, Variable x, float limit)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(x);
        return limit >= 0 ? ClampOperation.Apply(tape, x, limit) : throw new ArgumentOutOfRangeException(nameof(limit), limit, "A limit is 0 or more.");
    }

    /// <summary>A constant that stays the caller's: the tape neither changes nor disposes it. For key/value caches and tables.</summary>
    public static Variable Borrow(this Tape tape, Tensor value)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(value);
        return new Variable(value, requiresGradient: false);
    }

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

    /// <summary>A weight with the updates of adapters: a new variable, so that the weight stays as it is (see <see cref="LowRankUpdate"/>).</summary>
    /// <param name="tape">Records the operation and owns the result.</param>
    /// <param name="weight">[rows, columns].</param>
    /// <param name="updates">Updates of rows that do not overlap.</param>
    /// <returns>[rows, columns].</returns>
    /// <exception cref="ShapeMismatchException">An update does not fit the weight.</exception>
    public static Variable AdaptWeight(this Tape tape, Variable weight, IReadOnlyList<LowRankUpdate> updates)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(updates);
        foreach (var update in updates)
        {
            var (up, down) = (update.Up.Value, update.Down.Value);
            if (update.FirstRow < 0 || (long)update.FirstRow + up.Rows > weight.Value.Rows || up.Columns != down.Rows
                || down.Columns != weight.Value.Columns || (update.Magnitude is { } magnitude && magnitude.Value.Length != up.Rows))
            {
                throw new ShapeMismatchException(
                    "AdaptWeight", $"rows from {update.FirstRow} of {weight.Value.Shape} and {up.Shape}·{down.Shape}", "an update within the weight, with a magnitude a row");
            }
        }

        return AdaptWeightOperation.Apply(tape, weight, updates);
    }

    /// <summary>Rows of an embedding table: y[i] = factor·table[ids[i]].</summary>
    /// <param name="tape">Records the operation and owns the result.</param>
    /// <param name="ids">Row of the table for each row of the result; must stay as they are until the backward pass.</param>
    /// <param name="table">[vocabulary, columns].</param>
    /// <param name="factor">Factor on every element.</param>
    /// <returns>[ids, columns].</returns>
    /// <exception cref="ArgumentOutOfRangeException">An id is no row of the table; the message names its position.</exception>
    public static Variable Embed(this Tape tape, ReadOnlyMemory<int> ids, Variable table, float factor = 1)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(table);
        return EmbedOperation.Apply(tape, ids, table, factor);
    }

    /// <summary><paramref name="count"/> columns of x from <paramref name="first"/> on, as a matrix of their own.</summary>
    /// <param name="tape">Records the operation and owns the result.</param>
    /// <param name="x">[rows, columns].</param>
    /// <param name="first">The first column.</param>
    /// <param name="count">Number of columns.</param>
    /// <returns>[rows, count].</returns>
    /// <exception cref="ArgumentOutOfRangeException">x does not have these columns.</exception>
    public static Variable Columns(this Tape tape, Variable x, int first, int count)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, x.Value.Columns, nameof(count));
        return ColumnsOperation.Apply(tape, x, first, count);
    }

    /// <summary>
    /// y = x·(mean(x²) + ε)^(−1/2)·(w + weightOffset) over the columns (Zhang and Sennrich 2019), or over each group of as many columns as
    /// the weight has elements: the heads of a row, each normalised by itself.
    /// </summary>
    /// <param name="tape">Records the operation and owns the result.</param>
    /// <param name="x">[rows, groups·columns].</param>
    /// <param name="weight">[columns].</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="weightOffset">Added to every weight; 1 for models that store w − 1.</param>
    /// <returns>Of x's shape.</returns>
    /// <exception cref="ShapeMismatchException">x's columns are no multiple of the weight's elements.</exception>
    public static Variable RmsNorm(this Tape tape, Variable x, Variable weight, float epsilon, float weightOffset = 0)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        return RmsNormOperation.Apply(tape, x, weight, epsilon, weightOffset);
    }

    /// <summary>y = (x − mean)/√(var + ε)·w + b over the columns, biased variance (Ba et al. 2016).</summary>
    /// <param name="tape">Records the operation and owns the result.</param>
    /// <param name="x">[rows, columns].</param>
    /// <param name="weight">[columns].</param>
    /// <param name="bias">[columns], or null.</param>
    /// <param name="epsilon">ε.</param>
    /// <returns>Of x's shape.</returns>
    /// <exception cref="ShapeMismatchException">Weight or bias do not have one element a column.</exception>
    public static Variable LayerNorm(this Tape tape, Variable x, Variable weight, Variable? bias, float epsilon)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        return LayerNormOperation.Apply(tape, x, weight, bias, epsilon);
    }

    /// <summary>Rotates heads of <paramref name="x"/> in place (see <see cref="Device.Rope"/>); the gradient is rotated back in place.</summary>
    /// <param name="tape">Records the operation.</param>
    /// <param name="x">Rows of tokens, the result of an operation that no other operation has read yet; not a parameter.</param>
    /// <param name="layout">Where the heads lie.</param>
    /// <param name="heads">Number of heads to rotate.</param>
    /// <param name="cos">Cosines [positions, half]; must live until the backward pass.</param>
    /// <param name="sin">Sines [positions, half]; must live until the backward pass.</param>
    /// <param name="positions">Position of each row; must not change until the backward pass.</param>
    /// <exception cref="ArgumentException"><paramref name="x"/> is a parameter.</exception>
    public static void RopeInPlace(
        this Tape tape, Variable x, HeadLayout layout, int heads, Tensor cos, Tensor sin, ReadOnlyMemory<int> positions)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(x);
        if (x is Parameter parameter)
        {
            throw new ArgumentException($"Rope works in place and would change the parameter {parameter.Name}.", nameof(x));
        }

        RopeOperation.Apply(tape, x, layout, heads, cos, sin, positions);
    }

    /// <summary>Attention over segments (see <see cref="Device.Attention"/>); query, key and value may be the same variable (a fused projection).</summary>
    /// <param name="tape">Records the operation and owns the result.</param>
    /// <param name="query">Rows of queries.</param>
    /// <param name="queryLayout">Where the query heads lie.</param>
    /// <param name="key">Rows of keys.</param>
    /// <param name="keyLayout">Where the key heads lie.</param>
    /// <param name="value">Rows of values, as many as keys.</param>
    /// <param name="valueLayout">Where the value heads lie.</param>
    /// <param name="options">Heads, scale and masks.</param>
    /// <param name="segments">Which queries see which keys; must not change until the backward pass.</param>
    /// <param name="bias">Learned bias [buckets, query heads] where the options have one.</param>
    /// <returns>[queries, heads·size], heads in order.</returns>
    /// <exception cref="ShapeMismatchException">Heads do not fit the columns.</exception>
    /// <exception cref="ArgumentException">The options contradict each other, or the segments leave the rows or do not hold every query once.</exception>
    public static Variable Attention(
        this Tape tape, Variable query, HeadLayout queryLayout, Variable key, HeadLayout keyLayout, Variable value, HeadLayout valueLayout,
        AttentionOptions options, ReadOnlyMemory<AttentionSegment> segments, Variable? bias = null)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(options);
        return AttentionOperation.Apply(
            tape,
            new AttentionInput(query, queryLayout, options.QueryHeads),
            new AttentionInput(key, keyLayout, options.KeyValueHeads),
            new AttentionInput(value, valueLayout, options.KeyValueHeads),
            bias, options, segments);
    }

    /// <summary>y = f(gate)·up with gate and up the two halves of the columns (SwiGLU, GeGLU; Shazeer 2020).</summary>
    /// <param name="tape">Records the operation and owns the result.</param>
    /// <param name="kind">f.</param>
    /// <param name="gateUp">[rows, 2·columns].</param>
    /// <returns>[rows, columns].</returns>
    /// <exception cref="ShapeMismatchException">The number of columns is odd.</exception>
    public static Variable Gated(this Tape tape, ActivationKind kind, Variable gateUp)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(gateUp);
        return GatedOperation.Apply(tape, kind, gateUp);
    }

    /// <summary>y = f(x), of x's shape.</summary>
    public static Variable Activate(this Tape tape, ActivationKind kind, Variable x)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(x);
        return ActivateOperation.Apply(tape, kind, x);
    }

    /// <summary>a + b, of a's shape; both have the same number of elements.</summary>
    /// <exception cref="ShapeMismatchException">They have not.</exception>
    public static Variable Add(this Tape tape, Variable a, Variable b)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return AddOperation.Apply(tape, a, b);
    }

    /// <summary>factor·x, of x's shape.</summary>
    public static Variable Scale(this Tape tape, Variable x, float factor)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(x);
        return ScaleOperation.Apply(tape, x, factor);
    }

    /// <summary>
    /// Zeroes each element with probability <paramref name="rate"/> and scales the rest by 1/(1 − rate) (Srivastava et al. 2014). Gives back
    /// <paramref name="x"/> itself, drawing nothing, when scoring or at rate 0.
    /// </summary>
    /// <param name="tape">Records the operation and owns the result.</param>
    /// <param name="x">Any shape.</param>
    /// <param name="rate">Probability in [0, 1).</param>
    /// <param name="random">One number is drawn from it, whatever the size of x. A block that runs again finds the same mask.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rate is not in [0, 1).</exception>
    public static Variable Dropout(this Tape tape, Variable x, float rate, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfNegative(rate);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rate, 1);
        return tape.Trains && rate > 0 ? DropoutOperation.Apply(tape, x, rate, random) : x;
    }

    /// <summary>Head, softmax, hard labels and sparse teacher in one chunked operation (see <see cref="Device.LinearCrossEntropy"/>). A loss: needs no seed.</summary>
    public static CrossEntropyLosses LinearCrossEntropy(
        this Tape tape, Variable hidden, Variable weight, HeadOptions options,
        ReadOnlyMemory<int> labels, ReadOnlyMemory<float> labelWeights, SparseTargets? teacher = null,
        Memory<float> labelLosses = default, Memory<float> teacherLosses = default)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(hidden);
        ArgumentNullException.ThrowIfNull(weight);
        return LinearCrossEntropyOperation.Apply(tape, hidden, weight, options, labels, labelWeights, teacher, labelLosses, teacherLosses);
    }
}
