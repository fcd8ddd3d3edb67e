using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Memory;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    /// <remarks>
    /// Rows with neither label nor teacher are not computed at all, and rows of weight 0 take no part in the gradient. A row whose logits are not
    /// numbers has losses that are not numbers either. No logits are stored: parts of them are summed up in a cache, and for the gradient their exponentials
    /// are written, rounded to bfloat16 where products would round them.
    /// </remarks>
    /// <exception cref="ShapeMismatchException">Hidden rows, head and gradients do not fit.</exception>
    /// <exception cref="ArgumentException">A list has the wrong length, or an id is outside the vocabulary.</exception>
    public override void LinearCrossEntropy(
        Tensor hidden, Tensor weight, HeadOptions options, ReadOnlyMemory<int> labels, ReadOnlyMemory<float> labelWeights,
        SparseTargets? teacher, Memory<float> labelLosses, Memory<float> teacherLosses, Tensor? dHidden, Tensor? dWeight)
    {
        var (n, _, v) = CheckHead("LinearCrossEntropy", hidden, weight);
        CheckSameShape("LinearCrossEntropy", dHidden, hidden, "dHidden");
        CheckSameShape("LinearCrossEntropy", dWeight, weight, "dWeight");
        var rows = new CrossEntropyRows(n, v, labels, labelWeights, teacher, labelLosses, teacherLosses);
        labelLosses.Span.Clear();
        teacherLosses.Span.Clear();
        dHidden?.Fill(0);

        using var orderMemory = new ScratchMemory(Memory, n);
        var order = (int*)orderMemory.Data;
        var (withGradient, listed) = rows.Order(new Span<int>(order, n), dHidden is not null || dWeight is not null);
        if (listed > 0)
        {
            using var room = HeadRoom.ForLosses(this, Memory, weight, listed, rows.MaximumEntries + 1, withGradient > 0, dHidden is not null);
            var pass = new HeadPass(hidden, weight, options, rows, order, dHidden, dWeight);
            if (_bfloat16 is null)
            {
                Run(pass, withGradient, listed, room, new Operand(room.Gradient, v));
            }
            else
            {
                Run(pass, withGradient, listed, room, new RoundedOperand((ushort*)room.Gradient, v));
            }
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

        using var room = HeadRoom.ForTopK(this, Memory, weight, n, k);
        var products = new HeadProducts(weight, h, v);
        for (var start = 0; start < n; start += room.Rows)
        {
            var chunk = new TopKChunk
            {
                FirstRow = start,
                Count = Math.Min(room.Rows, n - start),
                Vocabulary = v,
                Options = options,
                K = k,
                Labels = labels,
                PartColumns = room.PartColumns,
                Workers = Threads,
            }.In(room.Chunk);
            new Span<int>(chunk.Counts, chunk.Count * chunk.Workers).Clear();
            var logits = products.Logits(chunk.Count, hidden.Data + ((nint)start * h), room.Logits) with { PackedB = room.ForLogits };
            Stream(logits, room.PartColumns, new TopKTiles(chunk));
            ForEachRow(new TopKKernel(chunk, ids, logProbabilities, labelLogProbabilities), chunk.Count, chunk.PartCount);
        }
    }

    private static (int Rows, int Hidden, int Vocabulary) CheckHead(string operation, Tensor hidden, Tensor weight)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        ArgumentNullException.ThrowIfNull(weight);
        return hidden.Columns == weight.Columns && hidden.Columns > 0
            ? (RowCount(hidden.Shape), hidden.Columns, RowCount(weight.Shape))
            : throw new ShapeMismatchException(operation, $"hidden {hidden.Shape} and head {weight.Shape}", "equal columns, at least one");
    }

    private static void CheckSameShape(string operation, Tensor? tensor, Tensor like, string name)
    {
        if (tensor is not null && (RowCount(tensor.Shape) != RowCount(like.Shape) || tensor.Columns != like.Columns))
        {
            throw new ShapeMismatchException(operation, $"{name} {tensor.Shape}", like.Shape.ToString());
        }
    }

    private void Run<TGradient>(in HeadPass pass, int withGradient, int listed, in HeadRoom room, TGradient gradient)
        where TGradient : struct, IOperand
    {
        var products = new HeadProducts(pass.Weight, pass.Hidden.Columns, RowCount(pass.Weight.Shape));
        for (var start = 0; start < listed;)
        {
            var wantsGradient = start < withGradient;
            var chunk = new CrossEntropyChunk<TGradient>
            {
                Rows = pass.Rows,
                Order = pass.Order + start,
                Count = Math.Min(room.Rows, (wantsGradient ? withGradient : listed) - start),
                Vocabulary = RowCount(pass.Weight.Shape),
                Options = pass.Options,
                PartColumns = room.PartColumns,
                WantsGradient = wantsGradient,
                Gradient = gradient,
            }.In(room.Chunk);
            GatherRows(pass.Hidden.Data, chunk.Order, chunk.Count, pass.Hidden.Columns, room.Hidden);
            ForEachRow(new CrossEntropyIds<TGradient>(chunk), chunk.Count, chunk.Slots);
            var logits = products.Logits(chunk.Count, room.Hidden, room.Logits) with { PackedB = room.ForLogits, HasFixedOrder = true };
            Stream(logits, room.PartColumns, new CrossEntropyTiles<TGradient>(chunk));
            ForEachRow(new CrossEntropyKernel<TGradient>(chunk), chunk.Count, chunk.Vocabulary);
            if (wantsGradient)
            {
                MultiplyGradients(pass, chunk.Order, chunk.Count, products, room);
            }

            start += chunk.Count;
        }
    }

    // dHidden = G·W for the chunk's rows, dWeight += Gᵀ·hidden, G the gradient of the logits. The gathered rows are read before they are overwritten.
    private void MultiplyGradients(in HeadPass pass, int* order, int count, in HeadProducts products, in HeadRoom room)
    {
        var v = RowCount(pass.Weight.Shape);
        if (pass.DWeight is { } dWeight)
        {
            var gradient = new GemmOperand(room.Gradient, v, depthContiguous: false, GradientSize);
            Multiply(products.WeightGradient(count, room.Gradient, room.Hidden, dWeight.Data) with { A = gradient });
        }

        if (pass.DHidden is { } dHidden)
        {
            var h = dHidden.Columns;
            var gradient = new GemmOperand(room.Gradient, v, depthContiguous: true, GradientSize);
            Multiply(products.HiddenGradient(count, room.Gradient, room.Hidden) with { A = gradient, PackedB = room.ForHidden });
            for (nint i = 0; i < count; i++)
            {
                new ReadOnlySpan<float>(room.Hidden + (i * h), h).CopyTo(new Span<float>(dHidden.Data + ((nint)order[i] * h), h));
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
