using Transfuse.Tensors.Devices.Cpu.Attention;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    /// <remarks>
    /// A soft cap comes before ALiBi and the relative bias, these before the mask. A window hides keys after the query even where <c>Causal</c> is false. A query
    /// that sees no key has the output 0 and the log-sum −∞. Sums run in float32 over the keys in order;
    /// with <see cref="ProductPrecision.BFloat16"/> what is multiplied is rounded first, probabilities included, except for documents of one query.
    /// </remarks>
    public override void Attention(
        Tensor query, HeadLayout queryLayout, Tensor key, HeadLayout keyLayout, Tensor value, HeadLayout valueLayout,
        AttentionOptions options, ReadOnlyMemory<AttentionSegment> segments, Tensor output, Tensor logSumExp, Tensor? bias = null)
    {
        AttentionChecks.Options(options);
        var keyRows = Math.Min(
            AttentionChecks.ReadHeads(nameof(Attention), nameof(key), key, keyLayout, options.KeyValueHeads, options.HeadSize),
            AttentionChecks.ReadHeads(nameof(Attention), nameof(value), value, valueLayout, options.KeyValueHeads, options.HeadSize));
        CheckAttention(nameof(Attention), query, queryLayout, key, value, options, segments.Span, keyRows, output, logSumExp, bias);
        var operands = Operands(query, queryLayout, key, keyLayout, value, valueLayout, output, logSumExp, options);
        switch (Tier)
        {
            case KernelTier.Scalar:
                RunAttention<SimdScalar>(operands, options, segments.Span, bias);
                break;
            case KernelTier.Vector128:
                RunAttention<Simd128>(operands, options, segments.Span, bias);
                break;
            case KernelTier.Vector256:
                RunAttention<Simd256>(operands, options, segments.Span, bias);
                break;
            default:
                RunAttention<Simd512>(operands, options, segments.Span, bias);
                break;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Rows of keys that belong to no segment get the gradient 0.</remarks>
    public override void AttentionBackward(
        Tensor query, HeadLayout queryLayout, Tensor key, HeadLayout keyLayout, Tensor value, HeadLayout valueLayout,
        AttentionOptions options, ReadOnlyMemory<AttentionSegment> segments, Tensor output, Tensor logSumExp,
        Tensor dOutput, Tensor dQuery, Tensor dKey, Tensor dValue, Tensor? bias = null, Tensor? dBias = null)
    {
        const string Operation = nameof(AttentionBackward);
        AttentionChecks.Options(options);
        AttentionChecks.Heads(Operation, nameof(key), key, keyLayout, options.KeyValueHeads, options.HeadSize);
        AttentionChecks.Heads(Operation, nameof(value), value, valueLayout, options.KeyValueHeads, options.HeadSize);
        CheckAttention(Operation, query, queryLayout, key, value, options, segments.Span, key.Rows, output, logSumExp, bias);
        AttentionChecks.Matrix(Operation, nameof(dOutput), dOutput, output.Rows, output.Columns);
        AttentionChecks.Matrix(Operation, nameof(dQuery), dQuery, query.Rows, query.Columns);
        AttentionChecks.Matrix(Operation, nameof(dKey), dKey, key.Rows, key.Columns);
        AttentionChecks.Matrix(Operation, nameof(dValue), dValue, value.Rows, value.Columns);
        if (dBias is not null)
        {
            AttentionChecks.Bias(Operation, nameof(dBias), dBias, options);
        }

        var operands = Operands(query, queryLayout, key, keyLayout, value, valueLayout, output, logSumExp, options);
        var gradients = new AttentionGradients(
            new HeadRows(dOutput, new HeadLayout(0, options.HeadSize)), new HeadRows(dQuery, queryLayout),
            new HeadRows(dKey, keyLayout), new HeadRows(dValue, valueLayout));
        if (!AttentionChecks.KeysDisjoint(segments.Span, key.Rows))
        {
            ClearHeads(gradients.Key, key.Rows, options);
            ClearHeads(gradients.Value, value.Rows, options);
        }

        switch (Tier)
        {
            case KernelTier.Scalar:
                RunAttentionBackward<SimdScalar>(operands, gradients, options, segments.Span, bias, dBias);
                break;
            case KernelTier.Vector128:
                RunAttentionBackward<Simd128>(operands, gradients, options, segments.Span, bias, dBias);
                break;
            case KernelTier.Vector256:
                RunAttentionBackward<Simd256>(operands, gradients, options, segments.Span, bias, dBias);
                break;
            default:
                RunAttentionBackward<Simd512>(operands, gradients, options, segments.Span, bias, dBias);
                break;
        }
    }

    private static void CheckAttention(
        string operation, Tensor query, HeadLayout queryLayout, Tensor key, Tensor value,
        AttentionOptions options, ReadOnlySpan<AttentionSegment> segments, int keyRows, Tensor output, Tensor logSumExp, Tensor? bias)
    {
        AttentionChecks.Heads(operation, nameof(query), query, queryLayout, options.QueryHeads, options.HeadSize);
        AttentionChecks.Matrix(operation, nameof(value), value, key.Rows, value.Columns);
        AttentionChecks.Matrix(operation, nameof(output), output, query.Rows, options.QueryHeads * options.HeadSize);
        AttentionChecks.Matrix(operation, nameof(logSumExp), logSumExp, query.Rows, options.QueryHeads);
        AttentionChecks.Bias(operation, nameof(bias), bias, options);
        AttentionChecks.Segments(segments, query.Rows, keyRows);
    }

    private static unsafe AttentionArguments Operands(
        Tensor query, HeadLayout queryLayout, Tensor key, HeadLayout keyLayout, Tensor value, HeadLayout valueLayout,
        Tensor output, Tensor logSumExp, AttentionOptions options) => new()
        {
            Query = new HeadRows(query, queryLayout),
            Key = new HeadRows(key, keyLayout),
            Value = new HeadRows(value, valueLayout),
            Output = new HeadRows(output, new HeadLayout(0, options.HeadSize)),
            LogSumExp = logSumExp.Data,
            QueryHeads = options.QueryHeads,
            KeyValueHeads = options.KeyValueHeads,
            HeadSize = options.HeadSize,
            Scale = options.Scale,
            SoftCap = options.SoftCap,
            Mask = new AttentionMask(options),
        };

    private static unsafe void ClearHeads(HeadRows heads, int rows, AttentionOptions options)
    {
        for (var row = 0; row < rows; row++)
        {
            for (var head = 0; head < options.KeyValueHeads; head++)
            {
                new Span<float>(heads.At(row, head), options.HeadSize).Clear();
            }
        }
    }

    private unsafe void RunAttention<T>(
        AttentionArguments operands, AttentionOptions options, ReadOnlySpan<AttentionSegment> segments, Tensor? bias)
        where T : unmanaged, IVector<T>
    {
        var tiles = AttentionPlan.CountParts(segments, AttentionTile.Size, ofKeys: false);
        var planSize = AttentionPlan.SizeInBytes(options, tiles);
        using var scratch = new AttentionScratch(
            Memory, planSize + DistanceBias.SizeInBytes(options, segments), Threads, AttentionForward<T>.ScratchFloats(options.HeadSize));
        var plan = AttentionPlan.OfQueries(options, segments, scratch.Shared);
        var spread = bias is null ? default : new DistanceBias(options, bias, segments, (byte*)scratch.Shared + planSize);
        var body = new AttentionForward<T>(operands, plan, spread, scratch, new AttentionProducts<T>(_bfloat16));
        _workers.Run(checked(plan.ChunkCount * options.QueryHeads), ref body);
    }

    private unsafe void RunAttentionBackward<T>(
        AttentionArguments operands, AttentionGradients gradients, AttentionOptions options, ReadOnlySpan<AttentionSegment> segments,
        Tensor? bias, Tensor? dBias)
        where T : unmanaged, IVector<T>
    {
        var blockSize = BackwardBuffers<T>.KeysPerBlock(options.HeadSize);
        var blocks = AttentionPlan.CountParts(segments, blockSize, ofKeys: true);
        var planSize = AttentionPlan.SizeInBytes(options, blocks);
        var biasSize = DistanceBias.SizeInBytes(options, segments);
        var sumsSize = dBias is null ? 0 : DistanceBiasSums.SizeInBytes(options, blocks);
        using var scratch = new AttentionScratch(
            Memory, checked(sumsSize + planSize + biasSize), Threads, AttentionBackward<T>.ScratchFloats(options.HeadSize));
        var memory = (byte*)scratch.Shared;
        var plan = AttentionPlan.OfKeys(options, segments, blockSize, memory + sumsSize);
        var spread = bias is null ? default : new DistanceBias(options, bias, segments, memory + sumsSize + planSize);
        var sums = dBias is null ? default : new DistanceBiasSums(options, spread, blocks, memory);
        var body = new AttentionBackward<T>(operands, gradients, plan, spread, sums, scratch, new AttentionProducts<T>(_bfloat16));
        _workers.Run(checked(plan.ChunkCount * options.KeyValueHeads), ref body);
        if (dBias is not null)
        {
            sums.AddTo(dBias);
        }
    }
}
