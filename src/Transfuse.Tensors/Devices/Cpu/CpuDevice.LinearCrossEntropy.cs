using Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;
using Transfuse.Tensors.Errors;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed unsafe partial class CpuDevice
{
    // Large enough that the head's products run at full speed, small enough that the logits of a chunk stay a fraction of the model.
    private const int LargestHeadChunk = 512;
    private const long LargestChunkElements = 16L << 20;
    private const int SmallestHeadChunk = 16;

    /// <inheritdoc/>
    /// <remarks>Rows go through the head in chunks of at most 512 (64 MB of logits). Exponentials are summed in float32 over 1024 columns, then in double.</remarks>
    /// <exception cref="ShapeMismatchException">Sizes do not fit together.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label or a teacher's id is no row of the head.</exception>
    public override void LinearCrossEntropy(
        Tensor hidden, Tensor weight, HeadOptions options, ReadOnlyMemory<int> labels, ReadOnlyMemory<float> labelWeights,
        SparseTargets? teacher, Memory<float> labelLosses, Memory<float> teacherLosses, Tensor? dHidden, Tensor? dWeight)
    {
        RequireHead(nameof(LinearCrossEntropy), hidden, weight, labels.Length);
        var rows = hidden.Rows;
        RequireCount(nameof(LinearCrossEntropy), "label weights", labelWeights.Length, rows);
        RequireCount(nameof(LinearCrossEntropy), "label losses", labelLosses.Length, rows);
        RequireIds(labels.Span, weight.Rows, smallest: -1);
        if (teacher is not null)
        {
            RequireTeacher(teacher, rows, weight.Rows, teacherLosses.Length);
        }

        var wantsGradient = dHidden is not null || dWeight is not null;
        var chunk = HeadChunk(rows, weight.Rows);
        using var logits = Allocate(new Shape(Math.Max(chunk, 1), weight.Rows));
        using var capped = wantsGradient && options.SoftCap > 0 ? Allocate(logits.Shape) : null;
        using var arguments = new CrossEntropyArguments(labels, labelWeights, teacher, labelLosses, teacherLosses, options);
        for (var start = 0; start < rows; start += chunk)
        {
            var count = Math.Min(chunk, rows - start);
            using var hiddenRows = hidden.SliceRows(start, count);
            using var logitRows = logits.SliceRows(0, count);
            MatMul(MatMulLayout.NT, hiddenRows, weight, logitRows);
            var body = new CrossEntropyBody(arguments, logits.Data, capped is null ? null : capped.Data, start, count, weight.Rows, wantsGradient);
            Run(body.TaskCount, body);
            if (dHidden is not null)
            {
                using var dHiddenRows = dHidden.SliceRows(start, count);
                MatMul(MatMulLayout.NN, logitRows, weight, dHiddenRows);
            }

            if (dWeight is not null)
            {
                MatMul(MatMulLayout.TN, logitRows, hiddenRows, dWeight, dWeight);
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>Rows go through the head in chunks, as in <see cref="LinearCrossEntropy"/>.</remarks>
    /// <exception cref="ShapeMismatchException">Sizes do not fit together.</exception>
    /// <exception cref="ArgumentOutOfRangeException">k is negative or larger than the vocabulary, or a label is no row of the head.</exception>
    public override void HeadTopK(
        Tensor hidden, Tensor weight, HeadOptions options, int k, ReadOnlyMemory<int> labels,
        Memory<int> ids, Memory<float> logProbabilities, Memory<float> labelLogProbabilities)
    {
        RequireHead(nameof(HeadTopK), hidden, weight, labels.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, weight.Rows);
        var rows = hidden.Rows;
        RequireCount(nameof(HeadTopK), "ids", ids.Length, (long)rows * k);
        RequireCount(nameof(HeadTopK), "log-probabilities", logProbabilities.Length, (long)rows * k);
        RequireCount(nameof(HeadTopK), "label log-probabilities", labelLogProbabilities.Length, rows);
        RequireIds(labels.Span, weight.Rows, smallest: -1);
        var chunk = HeadChunk(rows, weight.Rows);
        using var logits = Allocate(new Shape(Math.Max(chunk, 1), weight.Rows));
        using var labelsPin = labels.Pin();
        using var idsPin = ids.Pin();
        using var valuesPin = logProbabilities.Pin();
        using var goldPin = labelLogProbabilities.Pin();
        for (var start = 0; start < rows; start += chunk)
        {
            var count = Math.Min(chunk, rows - start);
            using var hiddenRows = hidden.SliceRows(start, count);
            using var logitRows = logits.SliceRows(0, count);
            MatMul(MatMulLayout.NT, hiddenRows, weight, logitRows);
            var body = new TopKBody(
                logits.Data, options, weight.Rows, k, count, (int*)labelsPin.Pointer + start, (int*)idsPin.Pointer + ((long)start * k),
                (float*)valuesPin.Pointer + ((long)start * k), (float*)goldPin.Pointer + start);
            Run(body.TaskCount, body);
        }
    }

    private static int HeadChunk(int rows, int vocabulary)
    {
        var fitting = Math.Max(SmallestHeadChunk, LargestChunkElements / Math.Max(1, vocabulary));
        return (int)Math.Min(Math.Max(rows, 1), Math.Min(LargestHeadChunk, fitting));
    }

    private static void RequireHead(string operation, Tensor hidden, Tensor weight, int labels)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        ArgumentNullException.ThrowIfNull(weight);
        if (hidden.Columns != weight.Columns)
        {
            throw new ShapeMismatchException(operation, $"{hidden.Shape}·{weight.Shape}ᵀ", "equal inner dimensions");
        }

        RequireCount(operation, "labels", labels, hidden.Rows);
    }

    private static void RequireCount(string operation, string what, long found, long expected)
    {
        if (found != expected)
        {
            throw new ShapeMismatchException(operation, $"{found} {what}", $"{expected}");
        }
    }

    private static void RequireIds(ReadOnlySpan<int> ids, int vocabulary, int smallest)
    {
        foreach (var id in ids)
        {
            if (id < smallest || id >= vocabulary)
            {
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"A token id must be from {smallest} to {vocabulary - 1}.");
            }
        }
    }

    private static void RequireTeacher(SparseTargets teacher, int rows, int vocabulary, int losses)
    {
        RequireCount(nameof(LinearCrossEntropy), "row starts of the teacher", teacher.RowStarts.Length, rows + 1L);
        RequireCount(nameof(LinearCrossEntropy), "rest masses of the teacher", teacher.RestMass.Length, rows);
        RequireCount(nameof(LinearCrossEntropy), "weights of the teacher", teacher.Weights.Length, rows);
        RequireCount(nameof(LinearCrossEntropy), "teacher losses", losses, rows);
        RequireCount(nameof(LinearCrossEntropy), "probabilities of the teacher", teacher.Probabilities.Length, teacher.Ids.Length);
        RequireIds(teacher.Ids.Span, vocabulary, smallest: 0);
        var starts = teacher.RowStarts.Span;
        for (var row = 0; row < rows; row++)
        {
            if (starts[row] < 0 || starts[row + 1] < starts[row] || starts[row + 1] > teacher.Ids.Length)
            {
                throw new ShapeMismatchException(nameof(LinearCrossEntropy), $"row starts {starts[row]}, {starts[row + 1]} at row {row}", "ascending starts within the entries");
            }
        }
    }
}
