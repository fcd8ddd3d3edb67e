using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Memory;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed unsafe partial class CpuDevice
{
    // Logits that exist at one time (64 MB), and rows of a chunk: enough for the products with the head to run at full speed, whatever
    // the vocabulary, and no more than needed.
    private const int ChunkLogits = 1 << 24;
    private const int MinimumChunkRows = 128;
    private const int MaximumChunkRows = 1024;

    /// <inheritdoc/>
    /// <remarks>
    /// Rows with neither label nor teacher are not computed at all, and rows of weight 0 take no part in the gradient. A row whose logits are not
    /// numbers has losses that are not numbers either.
    /// </remarks>
    /// <exception cref="ShapeMismatchException">Hidden rows, head and gradients do not fit.</exception>
    /// <exception cref="ArgumentException">A list has the wrong length, or an id is outside the vocabulary.</exception>
    public override void LinearCrossEntropy(
        Tensor hidden, Tensor weight, HeadOptions options, ReadOnlyMemory<int> labels, ReadOnlyMemory<float> labelWeights,
        SparseTargets? teacher, Memory<float> labelLosses, Memory<float> teacherLosses, Tensor? dHidden, Tensor? dWeight)
    {
        var (n, h, v) = CheckHead("LinearCrossEntropy", hidden, weight);
        CheckSameShape("LinearCrossEntropy", dHidden, hidden, "dHidden");
        CheckSameShape("LinearCrossEntropy", dWeight, weight, "dWeight");
        var rows = new CrossEntropyRows(n, v, labels, labelWeights, teacher, labelLosses, teacherLosses);
        labelLosses.Span.Clear();
        teacherLosses.Span.Clear();
        dHidden?.Fill(0);

        using var orderMemory = new ScratchMemory(Memory, n);
        var order = (int*)orderMemory.Data;
        var (withGradient, listed) = rows.Order(new Span<int>(order, n), dHidden is not null || dWeight is not null);
        if (listed == 0)
        {
            return;
        }

        var chunkRows = ChunkRows(listed, v);
        using var logits = new ScratchMemory(Memory, (long)chunkRows * v);
        using var chunkHidden = new ScratchMemory(Memory, (long)chunkRows * h);
        using var kept = new ScratchMemory(Memory, (long)Threads * rows.MaximumEntries);
        var products = new HeadProducts(weight, h, v);
        using var head = new PackedHead(this, products, chunkRows, withHidden: dHidden is not null, isRepeated: chunkRows < listed);
        for (var start = 0; start < listed;)
        {
            var wantsGradient = start < withGradient;
            var chunk = new CrossEntropyKernel
            {
                Rows = rows,
                Order = order + start,
                Count = Math.Min(chunkRows, (wantsGradient ? withGradient : listed) - start),
                Logits = logits.Data,
                Vocabulary = v,
                Options = options,
                WantsGradient = wantsGradient,
                KeptLogits = kept.Data,
                Rounding = _bfloat16,
            };
            GatherRows(hidden.Data, chunk.Order, chunk.Count, h, chunkHidden.Data);

            // A row's loss does not depend on which other rows have a gradient.
            Multiply(products.Logits(chunk.Count, chunkHidden.Data, logits.Data) with { PackedB = head.ForLogits, HasFixedOrder = true });
            ForEachRow(chunk, chunk.Count, v);
            if (wantsGradient)
            {
                MultiplyGradients(chunk, products, head.ForHidden, chunkHidden.Data, dHidden, dWeight);
            }

            start += chunk.Count;
        }
    }

    /// <inheritdoc/>
    /// <remarks>A row whose logits are not numbers has log-probabilities that are not numbers either, and the ids 0 to k − 1.</remarks>
    /// <exception cref="ShapeMismatchException">Hidden rows and head do not fit.</exception>
    /// <exception cref="ArgumentException">A list has the wrong length, a label is outside the vocabulary, or k is.</exception>
    public override void HeadTopK(
        Tensor hidden, Tensor weight, HeadOptions options, int k, ReadOnlyMemory<int> labels,
        Memory<int> ids, Memory<float> logProbabilities, Memory<float> labelLogProbabilities)
    {
        var (n, h, v) = CheckHead("HeadTopK", hidden, weight);
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, v);
        HeadChecks.Length(labels.Length, n, nameof(labels));
        HeadChecks.Length(ids.Length, (long)n * k, nameof(ids));
        HeadChecks.Length(logProbabilities.Length, (long)n * k, nameof(logProbabilities));
        HeadChecks.Length(labelLogProbabilities.Length, n, nameof(labelLogProbabilities));
        HeadChecks.Ids(labels.Span, v, lowest: -1, nameof(labels));
        if (n == 0 || v == 0)
        {
            return;
        }

        var chunkRows = ChunkRows(n, v);
        using var logits = new ScratchMemory(Memory, (long)chunkRows * v);
        var products = new HeadProducts(weight, h, v);
        using var head = new PackedHead(this, products, chunkRows, withHidden: false, isRepeated: chunkRows < n);
        for (var start = 0; start < n; start += chunkRows)
        {
            var count = Math.Min(chunkRows, n - start);
            var chunk = new TopKKernel
            {
                FirstRow = start,
                Logits = logits.Data,
                Vocabulary = v,
                Options = options,
                K = k,
                Labels = labels,
                Ids = ids,
                LogProbabilities = logProbabilities,
                LabelLogProbabilities = labelLogProbabilities,
            };
            Multiply(products.Logits(count, hidden.Data + ((nint)start * h), logits.Data) with { PackedB = head.ForLogits });
            ForEachRow(chunk, count, v);
        }
    }

    internal static int ChunkRows(int rows, int vocabulary) =>
        Math.Min(rows, Math.Clamp(ChunkLogits / vocabulary / 8 * 8, MinimumChunkRows, MaximumChunkRows));

    private static (int Rows, int Hidden, int Vocabulary) CheckHead(string operation, Tensor hidden, Tensor weight)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        ArgumentNullException.ThrowIfNull(weight);
        return hidden.Columns == weight.Columns
            ? (RowCount(hidden.Shape), hidden.Columns, RowCount(weight.Shape))
            : throw new ShapeMismatchException(operation, $"hidden {hidden.Shape} and head {weight.Shape}", "equal columns");
    }

    private static void CheckSameShape(string operation, Tensor? tensor, Tensor like, string name)
    {
        if (tensor is not null && (RowCount(tensor.Shape) != RowCount(like.Shape) || tensor.Columns != like.Columns))
        {
            throw new ShapeMismatchException(operation, $"{name} {tensor.Shape}", like.Shape.ToString());
        }
    }

    // dHidden = G·W for the chunk's rows, dWeight += Gᵀ·hidden, G the gradient of the logits. The gathered rows are read before they are overwritten.
    private void MultiplyGradients(
        in CrossEntropyKernel chunk, in HeadProducts products, PackedColumns? packed, float* chunkHidden, Tensor? dHidden, Tensor? dWeight)
    {
        if (dWeight is not null)
        {
            Multiply(products.WeightGradient(chunk.Count, chunk.Logits, chunkHidden, dWeight.Data) with { A = chunk.Gradient(depthContiguous: false) });
        }

        if (dHidden is not null)
        {
            var h = dHidden.Columns;
            Multiply(products.HiddenGradient(chunk.Count, chunk.Logits, chunkHidden) with { A = chunk.Gradient(depthContiguous: true), PackedB = packed });
            for (nint i = 0; i < chunk.Count; i++)
            {
                new ReadOnlySpan<float>(chunkHidden + (i * h), h).CopyTo(new Span<float>(dHidden.Data + ((nint)chunk.Order[i] * h), h));
            }
        }
    }

    private static void GatherRows(float* source, int* order, int count, int columns, float* destination)
    {
        for (nint i = 0; i < count; i++)
        {
            new ReadOnlySpan<float>(source + ((nint)order[i] * columns), columns)
                .CopyTo(new Span<float>(destination + (i * columns), columns));
        }
    }
}
