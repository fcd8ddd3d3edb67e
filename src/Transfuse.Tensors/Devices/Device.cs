using Transfuse.Tensors.Memory;
using Transfuse.Tensors.Optimizers;

namespace Transfuse.Tensors.Devices;

/// <summary>
/// The kernels that a model needs, as one piece of hardware does them. Nothing above this assembly knows which device runs.
/// </summary>
/// <remarks>
/// Matrices are row-major; "rows" are tokens. A destination is overwritten unless <c>accumulate</c> or the name says otherwise.
/// Results depend on shapes and values alone, not on the number of threads. One caller at a time.
/// </remarks>
public abstract class Device : IDisposable
{
    /// <summary>What runs here, for people: processor, tier, threads.</summary>
    public abstract string Name { get; }

    /// <summary>Precision in which matrix products are computed; sums are always float32.</summary>
    public virtual ProductPrecision Precision => ProductPrecision.Float32;

    /// <summary>Where tensors of this device get their memory.</summary>
    public abstract MemoryPool Memory { get; }

    /// <summary>A tensor with undefined content; the caller disposes it.</summary>
    public Tensor Allocate(Shape shape) => Tensor.Allocate(Memory, shape);

    /// <summary>A tensor of zeros; the caller disposes it.</summary>
    public Tensor AllocateZeroed(Shape shape)
    {
        var tensor = Allocate(shape);
        tensor.Fill(0);
        return tensor;
    }

    /// <summary>
    /// A device for rehearsals: its operations compute nothing and its memory only counts, in the sizes and the order in which this device
    /// would take memory for the same calls. Losses and norms are 0 there. The caller disposes it; it must not outlive this device.
    /// </summary>
    public abstract Device CreateRehearsal();

    // ---- Matrix products -------------------------------------------------------------------------------------------------------

    /// <summary>
    /// destination = op(a)·op(b) + addend. Accumulates in float32 along k in blocks. The addend may be the destination itself
    /// (accumulation) or another matrix of its shape (a residual). b may rest, and a may be what <see cref="Round"/> made; results have the bits of the
    /// same matrix widened.
    /// </summary>
    public abstract void MatMul(MatMulLayout layout, Tensor a, Tensor b, Tensor destination, Tensor? addend = null);

    /// <summary>
    /// A copy of a weight W [out, in] that rests in the order in which this device's products x·Wᵀ read it, rounded as they round it, so that none of them
    /// need pack it; null where it would take more memory than W. It is frozen. The caller disposes it, and W.
    /// </summary>
    /// <param name="weight">W, float32 or resting as stored.</param>
    /// <param name="exact">Whether null is wanted where values would be rounded: for weights whose rows are read, too.</param>
    public abstract Tensor? PackWeight(Tensor weight, bool exact);

    /// <summary>
    /// A copy of the operand of a product that rests in half the memory, rounded as this device's products round it; null where they do not round.
    /// The caller disposes it, and <paramref name="values"/>.
    /// </summary>
    public abstract Tensor? Round(Tensor values);

    /// <summary>destination = the values of what <see cref="Round"/> made, in float32.</summary>
    public abstract void Widen(Tensor rounded, Tensor destination);

    /// <summary>Adds <paramref name="bias"/> [columns] to every row in place.</summary>
    public abstract void AddBias(Tensor rows, Tensor bias);

    /// <summary>Sums of the columns of <paramref name="rows"/> into [columns]; the gradient of a bias.</summary>
    public abstract void SumRows(Tensor rows, Tensor destination, bool accumulate);

    // ---- Elementwise -----------------------------------------------------------------------------------------------------------

    /// <summary>destination = a + b; destination may be a or b.</summary>
    public abstract void Add(Tensor a, Tensor b, Tensor destination);

    /// <summary>destination = factor·source, or destination += factor·source.</summary>
    public abstract void Scale(Tensor source, float factor, Tensor destination, bool accumulate);

    /// <summary>destination = min(max(x, −limit), limit); destination may be x.</summary>
    public abstract void Clamp(Tensor x, float limit, Tensor destination);

    /// <summary>dx = dy where |x| ≤ limit, else 0; dx may be dy.</summary>
    public abstract void ClampBackward(Tensor x, float limit, Tensor dy, Tensor dx, bool accumulate);

    /// <summary>
    /// destination = x·mask/(1 − rate), or destination += that; an element's mask is 0 with probability <paramref name="rate"/> in [0, 1), by a
    /// hash of <paramref name="key"/> and its index: the same key gives the same mask, so the gradient is the same call on dy.
    /// </summary>
    public abstract void Dropout(Tensor x, ulong key, float rate, Tensor destination, bool accumulate);

    /// <summary>destination = f(x); x may be rounded.</summary>
    public abstract void Activate(ActivationKind kind, Tensor x, Tensor destination);

    /// <summary>dx = f′(x)·dy; dx may be dy. x and dx may both be rounded, and the same.</summary>
    public abstract void ActivateBackward(ActivationKind kind, Tensor x, Tensor dy, Tensor dx, bool accumulate);

    /// <summary>destination [n, i] = f(gateUp[:, 0..i])·gateUp[:, i..2i] (SwiGLU, GeGLU); gateUp may be rounded.</summary>
    public abstract void Gated(ActivationKind kind, Tensor gateUp, Tensor destination);

    /// <summary>Gradient of <see cref="Gated"/> with respect to both halves. gateUp and dGateUp may both be rounded, and the same.</summary>
    public abstract void GatedBackward(ActivationKind kind, Tensor gateUp, Tensor dy, Tensor dGateUp);

    // ---- Norms -----------------------------------------------------------------------------------------------------------------

    /// <summary>y = x·(mean(x²) + ε)^(−1/2)·(w + weightOffset); the root per row goes to <paramref name="inverseRms"/> [rows].</summary>
    public abstract void RmsNorm(Tensor x, Tensor weight, float weightOffset, float epsilon, Tensor y, Tensor inverseRms);

    /// <summary>Gradient of <see cref="RmsNorm"/>; dWeight is accumulated, null skips it.</summary>
    public abstract void RmsNormBackward(
        Tensor x, Tensor weight, float weightOffset, Tensor inverseRms, Tensor dy, Tensor dx, bool accumulate, Tensor? dWeight);

    /// <summary>y = (x − mean)/√(var + ε)·w + b, biased variance; per row (mean, 1/σ) go to <paramref name="statistics"/> [rows, 2].</summary>
    public abstract void LayerNorm(Tensor x, Tensor weight, Tensor? bias, float epsilon, Tensor y, Tensor statistics);

    /// <summary>Gradient of <see cref="LayerNorm"/>; dWeight and dBias are accumulated, null skips them.</summary>
    public abstract void LayerNormBackward(
        Tensor x, Tensor weight, Tensor statistics, Tensor dy, Tensor dx, bool accumulate, Tensor? dWeight, Tensor? dBias);

    /// <summary>destination[i] = Σⱼ a[i, j]·b[i, j], one number a row.</summary>
    public abstract void RowProducts(Tensor a, Tensor b, Tensor destination);

    /// <summary>destination[i, j] = factors[i]·x[i, j]; destination may be x.</summary>
    public abstract void ScaleRows(Tensor x, Tensor factors, Tensor destination);

    // ---- Positions, attention --------------------------------------------------------------------------------------------------

    /// <summary>
    /// Rotates the first 2·table.Columns elements of every head in place, pairs (i, i + half) ("rotate-half"):
    /// (a, b) → (a·cos − b·sin, b·cos + a·sin), or the inverse rotation for the gradient.
    /// </summary>
    /// <param name="x">Rows of tokens.</param>
    /// <param name="layout">Where the heads lie.</param>
    /// <param name="heads">Number of heads to rotate.</param>
    /// <param name="cos">Cosines [positions, half].</param>
    /// <param name="sin">Sines [positions, half].</param>
    /// <param name="positions">Position of each row of <paramref name="x"/>.</param>
    /// <param name="inverse">Rotate backwards.</param>
    public abstract void Rope(
        Tensor x, HeadLayout layout, int heads, Tensor cos, Tensor sin, ReadOnlyMemory<int> positions, bool inverse);

    /// <summary>
    /// softmax(scale·q·kᵀ + bias + mask)·v for every segment and head, tiled: no tokens × tokens buffer.
    /// </summary>
    /// <param name="query">Rows of queries.</param>
    /// <param name="queryLayout">Where the query heads lie.</param>
    /// <param name="key">Rows of keys; may be the same tensor as the queries.</param>
    /// <param name="keyLayout">Where the key heads lie.</param>
    /// <param name="value">Rows of values.</param>
    /// <param name="valueLayout">Where the value heads lie.</param>
    /// <param name="options">Heads, scale and masks.</param>
    /// <param name="segments">Which queries see which keys; every query row belongs to exactly one.</param>
    /// <param name="output">Rows [queries, heads·size], heads in order.</param>
    /// <param name="logSumExp">[queries, heads], kept for the gradient.</param>
    /// <param name="bias">The learned bias [buckets, query heads] of <see cref="AttentionOptions.RelativeBias"/>; null where there is none.</param>
    public abstract void Attention(
        Tensor query, HeadLayout queryLayout, Tensor key, HeadLayout keyLayout, Tensor value, HeadLayout valueLayout,
        AttentionOptions options, ReadOnlyMemory<AttentionSegment> segments, Tensor output, Tensor logSumExp, Tensor? bias = null);

    /// <summary>
    /// Gradient of <see cref="Attention"/>; writes the heads of dQuery, dKey and dValue (same layouts) and nothing else of their rows. dBias
    /// is accumulated, null skips it.
    /// </summary>
    public abstract void AttentionBackward(
        Tensor query, HeadLayout queryLayout, Tensor key, HeadLayout keyLayout, Tensor value, HeadLayout valueLayout,
        AttentionOptions options, ReadOnlyMemory<AttentionSegment> segments, Tensor output, Tensor logSumExp,
        Tensor dOutput, Tensor dQuery, Tensor dKey, Tensor dValue, Tensor? bias = null, Tensor? dBias = null);

    // ---- Vocabulary ------------------------------------------------------------------------------------------------------------

    /// <summary>destination[i] = factor·table[ids[i]]; the table may rest.</summary>
    public abstract void Embed(ReadOnlyMemory<int> ids, Tensor table, float factor, Tensor destination);

    /// <summary>dTable[ids[i]] += factor·dy[i], in the order of i.</summary>
    public abstract void EmbedBackward(ReadOnlyMemory<int> ids, float factor, Tensor dy, Tensor dTable);

    /// <summary>
    /// Head, softmax, hard labels and a sparse teacher in one pass over chunks of rows; memory does not grow with rows × vocabulary.
    /// Loss = Σᵢ labelWeights[i]·(−log q(labels[i])) + teacher.Weights[i]·(teacher term).
    /// </summary>
    /// <param name="hidden">Rows [n, h].</param>
    /// <param name="weight">Head [v, h]; may rest.</param>
    /// <param name="options">Scale and cap of the logits.</param>
    /// <param name="labels">Gold id of each row; −1 for none.</param>
    /// <param name="labelWeights">Weight of each row's hard term.</param>
    /// <param name="teacher">Sparse teacher term, or null.</param>
    /// <param name="labelLosses">Receives −log q(label) in nats, 0 without label; length n.</param>
    /// <param name="teacherLosses">Receives the unweighted teacher term of each row; length n, or empty without teacher.</param>
    /// <param name="dHidden">Receives the gradient of the loss, or null to compute the loss only.</param>
    /// <param name="dWeight">The head's gradient is added to it, or null.</param>
    public abstract void LinearCrossEntropy(
        Tensor hidden, Tensor weight, HeadOptions options, ReadOnlyMemory<int> labels, ReadOnlyMemory<float> labelWeights,
        SparseTargets? teacher, Memory<float> labelLosses, Memory<float> teacherLosses, Tensor? dHidden, Tensor? dWeight);

    /// <summary>
    /// The k most probable ids of every row with their log-probabilities, descending, ties to the lower id; and the gold id's log-probability.
    /// </summary>
    /// <param name="hidden">Rows [n, h].</param>
    /// <param name="weight">Head [v, h]; may rest.</param>
    /// <param name="options">Scale and cap of the logits.</param>
    /// <param name="k">How many, 0 to v.</param>
    /// <param name="labels">Gold id of each row; −1 for none.</param>
    /// <param name="ids">Receives n·k ids.</param>
    /// <param name="logProbabilities">Receives n·k log-probabilities in nats.</param>
    /// <param name="labelLogProbabilities">Receives n log-probabilities, 0 without label.</param>
    public abstract void HeadTopK(
        Tensor hidden, Tensor weight, HeadOptions options, int k, ReadOnlyMemory<int> labels,
        Memory<int> ids, Memory<float> logProbabilities, Memory<float> labelLogProbabilities);

    // ---- Optimiser -------------------------------------------------------------------------------------------------------------

    /// <summary>Zero moments of AdamW for a parameter, to be handed to <see cref="PackedAdamW"/>. Packed words are bits, not float32 numbers: copy and store them, no more.</summary>
    /// <param name="states">Bfloat16 or 8 bits.</param>
    /// <param name="length">Elements of the parameter.</param>
    public abstract Tensor AllocatePackedMoments(OptimizerStates states, long length);

    /// <summary>One AdamW step with moments in fewer bits; deterministic in the arguments' step number.</summary>
    /// <param name="parameter">Any shape; changed.</param>
    /// <param name="gradient">As long as the parameter.</param>
    /// <param name="firstMoment">From <see cref="AllocatePackedMoments"/>; changed.</param>
    /// <param name="secondMoment">From <see cref="AllocatePackedMoments"/>; changed.</param>
    /// <param name="states">What the moments were allocated as.</param>
    /// <param name="arguments">Settings of the step.</param>
    public abstract void PackedAdamW(
        Tensor parameter, Tensor gradient, Tensor firstMoment, Tensor secondMoment, OptimizerStates states, in AdamWArguments arguments);

    /// <summary>One AdamW step in place on a parameter and its moments.</summary>
    public abstract void AdamW(Tensor parameter, Tensor gradient, Tensor firstMoment, Tensor secondMoment, in AdamWArguments arguments);

    /// <summary>One Adafactor step in place on a matrix, or a vector as a matrix of one column, and its moments.</summary>
    /// <param name="parameter">[rows, columns].</param>
    /// <param name="gradient">[rows, columns].</param>
    /// <param name="rowMoments">Second moments of the rows [rows]; of the elements of a vector.</param>
    /// <param name="columnMoments">Second moments of the columns [columns]; null for a vector.</param>
    /// <param name="firstMoment">[rows, columns], or null for none.</param>
    /// <param name="arguments">Settings of this step.</param>
    public abstract void Adafactor(
        Tensor parameter, Tensor gradient, Tensor rowMoments, Tensor? columnMoments, Tensor? firstMoment, in AdafactorArguments arguments);

    /// <summary>Σ x², in fixed blocks summed in double.</summary>
    public abstract double SumOfSquares(Tensor x);

    /// <summary>Gives the device's threads and memory back.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the device holds.</summary>
    protected abstract void Dispose(bool disposing);
}
