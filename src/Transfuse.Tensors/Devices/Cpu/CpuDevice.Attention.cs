using Transfuse.Tensors.Devices.Cpu.Attention;
using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Parallelism;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed unsafe partial class CpuDevice
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
        using var scratch = RentAttention(Memory, options, segments.Span);
        var plan = AttentionPlan.OfQueries(options, segments.Span, scratch.Plan);
        var spread = bias is null ? default : new DistanceBias(options, bias, segments.Span, scratch.Bias);
        var forward = new Forward(operands, plan, spread, scratch, _workers);
        WithKernel(ref forward);
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

        using var scratch = RentAttentionBackward(Memory, options, segments.Span, dBias is not null);
        var blockSize = BackwardBuffers.KeysPerBlock(options.HeadSize);
        var blocks = AttentionPlan.CountParts(segments.Span, blockSize, ofKeys: true);
        var plan = AttentionPlan.OfKeys(options, segments.Span, blockSize, scratch.Plan);
        var spread = bias is null ? default : new DistanceBias(options, bias, segments.Span, scratch.Bias);
        var sums = dBias is null ? default : new DistanceBiasSums(options, spread, blocks, scratch.Sums);
        var backward = new Backward(operands, gradients, plan, spread, sums, scratch, _workers);
        WithKernel(ref backward);
        if (dBias is not null)
        {
            sums.AddTo(dBias);
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

    private static AttentionArguments Operands(
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

    private static void ClearHeads(HeadRows heads, int rows, AttentionOptions options)
    {
        for (var row = 0; row < rows; row++)
        {
            for (var head = 0; head < options.KeyValueHeads; head++)
            {
                new Span<float>(heads.At(row, head), options.HeadSize).Clear();
            }
        }
    }

    private readonly struct Forward(AttentionArguments operands, AttentionPlan plan, DistanceBias bias, AttentionScratch scratch, WorkerPool workers) : IKernelUser
    {
        public void Use<TVector, TKernel>(TKernel kernel)
            where TVector : unmanaged, IVector<TVector>
            where TKernel : struct, IGemmKernel
        {
            var body = new AttentionForward<TVector, TKernel>(operands, plan, bias, scratch, new AttentionProducts<TKernel>(kernel));
            workers.Run(checked(plan.ChunkCount * operands.QueryHeads), ref body);
        }
    }

    private readonly struct Backward(
        AttentionArguments operands, AttentionGradients gradients, AttentionPlan plan, DistanceBias bias, DistanceBiasSums sums, AttentionScratch scratch,
        WorkerPool workers) : IKernelUser
    {
        public void Use<TVector, TKernel>(TKernel kernel)
            where TVector : unmanaged, IVector<TVector>
            where TKernel : struct, IGemmKernel
        {
            var body = new AttentionBackward<TVector, TKernel>(operands, gradients, plan, bias, sums, scratch, new AttentionProducts<TKernel>(kernel));
            workers.Run(checked(plan.ChunkCount * operands.KeyValueHeads), ref body);
        }
    }
}
