using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;
using Transfuse.Tensors.Devices.Cpu.Norms;
using Transfuse.Tensors.Devices.Cpu.Optimizer;
using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Memory;
using Transfuse.Tensors.Optimizers;

namespace Transfuse.Tensors.Devices.Cpu;

/// <summary>
/// Computes nothing and counts the memory that a <see cref="CpuDevice"/> would take for the same calls: estimates of memory come from running
/// the real code here, so that they follow it by themselves.
/// </summary>
internal sealed unsafe class CpuRehearsal : Device
{
    private readonly CpuDevice _device;

    internal CpuRehearsal(CpuDevice device)
    {
        _device = device;
    }

    /// <inheritdoc/>
    public override string Name => $"rehearsal of {_device.Name}";

    /// <inheritdoc/>
    public override ProductPrecision Precision => _device.Precision;

    /// <inheritdoc/>
    public override MemoryPool Memory { get; } = MemoryPool.ThatCounts();

    /// <inheritdoc/>
    public override Device CreateRehearsal() => new CpuRehearsal(_device);

    /// <inheritdoc/>
    public override void MatMul(MatMulLayout layout, Tensor a, Tensor b, Tensor destination, Tensor? addend = null)
    {
        var (m, k) = layout == MatMulLayout.TN ? (a.Columns, a.Rows) : (a.Rows, a.Columns);
        Multiply(layout, m, layout == MatMulLayout.NT ? b.Rows : b.Columns, k, b.Resting);
    }

    /// <inheritdoc/>
    public override Tensor? PackWeight(Tensor weight, bool exact) => _device.PackWeight(weight, exact, Memory);

    /// <inheritdoc/>
    public override Tensor? Round(Tensor values) => _device.AllocateRounded(values.Shape, Memory);

    /// <inheritdoc/>
    public override void Widen(Tensor rounded, Tensor destination)
    {
    }

    /// <inheritdoc/>
    public override void AddBias(Tensor rows, Tensor bias)
    {
    }

    /// <inheritdoc/>
    public override void SumRows(Tensor rows, Tensor destination, bool accumulate) => SumRows(rows.Rows, rows.Columns);

    /// <inheritdoc/>
    public override void Add(Tensor a, Tensor b, Tensor destination)
    {
    }

    /// <inheritdoc/>
    public override void Scale(Tensor source, float factor, Tensor destination, bool accumulate)
    {
    }

    /// <inheritdoc/>
    public override void Clamp(Tensor x, float limit, Tensor destination)
    {
    }

    /// <inheritdoc/>
    public override void ClampBackward(Tensor x, float limit, Tensor dy, Tensor dx, bool accumulate)
    {
    }

    /// <inheritdoc/>
    public override void Dropout(Tensor x, ulong key, float rate, Tensor destination, bool accumulate)
    {
    }

    /// <inheritdoc/>
    public override void Activate(ActivationKind kind, Tensor x, Tensor destination)
    {
    }

    /// <inheritdoc/>
    public override void ActivateBackward(ActivationKind kind, Tensor x, Tensor dy, Tensor dx, bool accumulate)
    {
    }

    /// <inheritdoc/>
    public override void Gated(ActivationKind kind, Tensor gateUp, Tensor destination)
    {
    }

    /// <inheritdoc/>
    public override void GatedBackward(ActivationKind kind, Tensor gateUp, Tensor dy, Tensor dGateUp)
    {
    }

    /// <inheritdoc/>
    public override void RmsNorm(Tensor x, Tensor weight, float weightOffset, float epsilon, Tensor y, Tensor inverseRms)
    {
    }

    /// <inheritdoc/>
    public override void RmsNormBackward(
        Tensor x, Tensor weight, float weightOffset, Tensor inverseRms, Tensor dy, Tensor dx, bool accumulate, Tensor? dWeight)
    {
        var blocks = WorkBlocks.Blocks(x.Rows, RmsNormBackwardBody.RowsPerBlock);
        using var partial = new ScratchMemory(Memory, blocks * x.Columns);
        SumRows(dWeight is null ? 0 : blocks, x.Columns);
    }

    /// <inheritdoc/>
    public override void LayerNorm(Tensor x, Tensor weight, Tensor? bias, float epsilon, Tensor y, Tensor statistics)
    {
    }

    /// <inheritdoc/>
    public override void LayerNormBackward(
        Tensor x, Tensor weight, Tensor statistics, Tensor dy, Tensor dx, bool accumulate, Tensor? dWeight, Tensor? dBias)
    {
        var blocks = WorkBlocks.Blocks(x.Rows, LayerNormBackwardBody.RowsPerBlock);
        using var weights = new ScratchMemory(Memory, blocks * x.Columns);
        using var biases = new ScratchMemory(Memory, blocks * x.Columns);
        SumRows(dWeight is null && dBias is null ? 0 : blocks, x.Columns);
    }

    /// <inheritdoc/>
    public override void RowProducts(Tensor a, Tensor b, Tensor destination)
    {
    }

    /// <inheritdoc/>
    public override void ScaleRows(Tensor x, Tensor factors, Tensor destination)
    {
    }

    /// <inheritdoc/>
    public override void Rope(Tensor x, HeadLayout layout, int heads, Tensor cos, Tensor sin, ReadOnlyMemory<int> positions, bool inverse)
    {
    }

    /// <inheritdoc/>
    public override void Attention(
        Tensor query, HeadLayout queryLayout, Tensor key, HeadLayout keyLayout, Tensor value, HeadLayout valueLayout,
        AttentionOptions options, ReadOnlyMemory<AttentionSegment> segments, Tensor output, Tensor logSumExp, Tensor? bias = null) =>
        _device.RentAttention(Memory, options, segments.Span).Dispose();

    /// <inheritdoc/>
    public override void AttentionBackward(
        Tensor query, HeadLayout queryLayout, Tensor key, HeadLayout keyLayout, Tensor value, HeadLayout valueLayout,
        AttentionOptions options, ReadOnlyMemory<AttentionSegment> segments, Tensor output, Tensor logSumExp,
        Tensor dOutput, Tensor dQuery, Tensor dKey, Tensor dValue, Tensor? bias = null, Tensor? dBias = null) =>
        _device.RentAttentionBackward(Memory, options, segments.Span, dBias is not null).Dispose();

    /// <inheritdoc/>
    public override void Embed(ReadOnlyMemory<int> ids, Tensor table, float factor, Tensor destination)
    {
    }

    /// <inheritdoc/>
    public override void EmbedBackward(ReadOnlyMemory<int> ids, float factor, Tensor dy, Tensor dTable)
    {
    }

    /// <inheritdoc/>
    /// <remarks>Every row is taken to count.</remarks>
    public override void LinearCrossEntropy(
        Tensor hidden, Tensor weight, HeadOptions options, ReadOnlyMemory<int> labels, ReadOnlyMemory<float> labelWeights,
        SparseTargets? teacher, Memory<float> labelLosses, Memory<float> teacherLosses, Tensor? dHidden, Tensor? dWeight)
    {
        labelLosses.Span.Clear();
        teacherLosses.Span.Clear();
        var (n, h, v) = (hidden.Rows, hidden.Columns, weight.Rows);
        if (n == 0)
        {
            return;
        }

        using var order = new ScratchMemory(Memory, n);
        using var room = HeadRoom.ForLosses(
            _device, Memory, weight, n, MostEntries(teacher) + 1, wantsGradient: dHidden is not null || dWeight is not null, wantsHidden: dHidden is not null);
        for (var start = 0; start < n; start += room.Rows)
        {
            var count = Math.Min(room.Rows, n - start);
            Stream(room, weight, count);
            Multiply(MatMulLayout.TN, dWeight is null ? 0 : v, h, count, resting: null);
            Multiply(MatMulLayout.NN, dHidden is null ? 0 : count, h, v, weight.Resting);
        }
    }

    /// <inheritdoc/>
    public override void HeadTopK(
        Tensor hidden, Tensor weight, HeadOptions options, int k, ReadOnlyMemory<int> labels,
        Memory<int> ids, Memory<float> logProbabilities, Memory<float> labelLogProbabilities)
    {
        ids.Span.Clear();
        logProbabilities.Span.Clear();
        labelLogProbabilities.Span.Clear();
        var n = hidden.Rows;
        if (n == 0)
        {
            return;
        }

        using var room = HeadRoom.ForTopK(_device, Memory, weight, n, k);
        for (var start = 0; start < n; start += room.Rows)
        {
            Stream(room, weight, Math.Min(room.Rows, n - start));
        }
    }

    /// <inheritdoc/>
    public override void AdamW(Tensor parameter, Tensor gradient, Tensor firstMoment, Tensor secondMoment, in AdamWArguments arguments)
    {
    }

    /// <inheritdoc/>
    public override Tensor AllocatePackedMoments(OptimizerStates states, long length) => Allocate(new Shape(PackedMoments.Words(states, length)));

    /// <inheritdoc/>
    public override void PackedAdamW(
        Tensor parameter, Tensor gradient, Tensor firstMoment, Tensor secondMoment, OptimizerStates states, in AdamWArguments arguments)
    {
    }

    /// <inheritdoc/>
    public override void Adafactor(
        Tensor parameter, Tensor gradient, Tensor rowMoments, Tensor? columnMoments, Tensor? firstMoment, in AdafactorArguments arguments)
    {
        var (rows, columns) = ((long)parameter.Rows, (long)parameter.Columns);
        using var factors = new ScratchMemory(Memory, rows + columns);
        using var sums = new ScratchMemory(Memory, (2 * rows) + (WorkBlocks.Blocks(rows, CpuDevice.AdafactorRows) * columns));
    }

    /// <inheritdoc/>
    public override double SumOfSquares(Tensor x)
    {
        using var sums = new ScratchMemory(Memory, 2L * WorkBlocks.Of(1, x.Length).TaskCount);
        return 0;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Memory.Dispose();
        }
    }

    private static int MostEntries(SparseTargets? teacher)
    {
        var most = 0;
        for (var row = 0; row + 1 < teacher?.RowStarts.Length; row++)
        {
            most = Math.Max(most, teacher.RowStarts.Span[row + 1] - teacher.RowStarts.Span[row]);
        }

        return most;
    }

    private void Stream(in HeadRoom room, Tensor weight, int rows)
    {
        if (room.StoresLogits)
        {
            Multiply(MatMulLayout.NT, rows, weight.Rows, weight.Columns, weight.Resting);
        }
        else
        {
            _device.RentStream(Memory, new HeadProducts(weight, weight.Columns, weight.Rows).Logits(rows, null, null) with { PackedB = room.ForLogits });
        }
    }

    private void Multiply(MatMulLayout layout, int m, int n, int k, RestingRows? resting)
    {
        if (_device.MatMulScratch(layout, m, n, k, resting) is > 0 and var floats)
        {
            using var packed = new ScratchMemory(Memory, floats);
        }
    }

    private void SumRows(long count, long columns)
    {
        if (count > SumRowsBody.RowsPerSum)
        {
            var blocks = WorkBlocks.Blocks(count, SumRowsBody.RowsPerSum);
            using var partial = new ScratchMemory(Memory, blocks * columns);
            SumRows(blocks, columns);
        }
    }
}
