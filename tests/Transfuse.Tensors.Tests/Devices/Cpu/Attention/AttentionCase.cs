using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Tests.Devices.Cpu.Attention;

/// <summary>Random operands for one attention call, and the call itself.</summary>
internal sealed class AttentionCase
{
    /// <summary>Content of everything that the kernels must not touch.</summary>
    internal const float Untouched = 12345;

    internal AttentionCase(AttentionOptions options, AttentionSegment[] segments, bool fused = false, int seed = 1)
    {
        Options = options;
        Segments = segments;
        Fused = fused;
        QueryRows = segments.Max(segment => segment.QueryStart + segment.QueryCount);
        KeyRows = segments.Max(segment => segment.KeyStart + segment.KeyCount);
        var (queryWidth, keyWidth) = (options.QueryHeads * options.HeadSize, options.KeyValueHeads * options.HeadSize);

        // Separate operands have a gap between heads and columns on either side; a fused one holds q, k, v one behind the other.
        QueryLayout = fused ? new HeadLayout(0, options.HeadSize) : new HeadLayout(3, options.HeadSize + 5);
        KeyLayout = fused ? new HeadLayout(queryWidth, options.HeadSize) : new HeadLayout(1, options.HeadSize + 2);
        ValueLayout = fused ? new HeadLayout(queryWidth + keyWidth, options.HeadSize) : new HeadLayout(0, options.HeadSize);
        QueryColumns = fused ? queryWidth + (2 * keyWidth) : queryWidth + (5 * options.QueryHeads) + 4;
        KeyColumns = fused ? QueryColumns : keyWidth + (2 * options.KeyValueHeads) + 3;
        ValueColumns = fused ? QueryColumns : keyWidth + 1;

        var random = new RandomStream(seed, "attention");
        Query = Normal(random, QueryRows * QueryColumns);
        Key = fused ? Query : Normal(random, KeyRows * KeyColumns);
        Value = fused ? Query : Normal(random, KeyRows * ValueColumns);
        DOutput = Normal(random, QueryRows * queryWidth);
        Bias = options.RelativeBias is { } buckets ? Normal(random, buckets.Count * options.QueryHeads) : null;
    }

    internal AttentionOptions Options { get; }

    internal AttentionSegment[] Segments { get; }

    internal bool Fused { get; }

    internal int QueryRows { get; }

    internal int KeyRows { get; }

    internal int QueryColumns { get; }

    internal int KeyColumns { get; }

    internal int ValueColumns { get; }

    internal HeadLayout QueryLayout { get; }

    internal HeadLayout KeyLayout { get; }

    internal HeadLayout ValueLayout { get; }

    internal float[] Query { get; }

    internal float[] Key { get; }

    internal float[] Value { get; }

    internal float[] DOutput { get; }

    /// <summary>[buckets, heads], or null.</summary>
    internal float[]? Bias { get; }

    internal int QueryIndex(int row, int head) => (row * QueryColumns) + QueryLayout.Offset + (head * QueryLayout.Stride);

    internal int KeyIndex(int row, int head) => (row * KeyColumns) + KeyLayout.Offset + (head * KeyLayout.Stride);

    internal int ValueIndex(int row, int head) => (row * ValueColumns) + ValueLayout.Offset + (head * ValueLayout.Stride);

    internal static AttentionOptions NewOptions(int queryHeads, int keyValueHeads, int headSize) => new()
    {
        QueryHeads = queryHeads,
        KeyValueHeads = keyValueHeads,
        HeadSize = headSize,
        Scale = 1 / MathF.Sqrt(headSize),
    };

    /// <summary>Documents one behind the other, each over its own rows.</summary>
    internal static AttentionSegment[] Documents(params int[] lengths)
    {
        var start = 0;
        return [.. lengths.Select(length => AttentionSegment.Self((start += length) - length, length))];
    }

    internal static Tensor NewTensor(Device device, float[] values, int columns)
    {
        var tensor = device.Allocate(new Shape(values.Length / columns, columns));
        values.CopyTo(tensor.AsSpan());
        return tensor;
    }

    internal (float[] Output, float[] LogSumExp) Forward(CpuDevice device)
    {
        using var operands = new Operands(this, device);
        operands.Forward();
        return (operands.Output.AsSpan().ToArray(), operands.LogSumExp.AsSpan().ToArray());
    }

    /// <summary>Forward and backward. Of a fused case only DQuery is filled, with all three gradients in it.</summary>
    internal (float[] DQuery, float[] DKey, float[] DValue) Backward(CpuDevice device)
    {
        using var operands = new Operands(this, device);
        operands.Forward();
        operands.Backward();
        DBias = operands.DBias?.AsSpan().ToArray();
        return (operands.DQuery.AsSpan().ToArray(), operands.DKey.AsSpan().ToArray(), operands.DValue.AsSpan().ToArray());
    }

    /// <summary>Gradient of the bias that the last <see cref="Backward"/> gave, added to 1.</summary>
    internal float[]? DBias { get; private set; }

    private static float[] Normal(RandomStream random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)random.NextNormal())];

    /// <summary>The case's tensors on a device.</summary>
    internal sealed class Operands : IDisposable
    {
        private readonly AttentionCase _case;
        private readonly CpuDevice _device;
        private readonly List<Tensor> _owned = [];

        internal Operands(AttentionCase attentionCase, CpuDevice device)
        {
            _case = attentionCase;
            _device = device;
            var options = attentionCase.Options;
            Query = Own(NewTensor(device, attentionCase.Query, attentionCase.QueryColumns));
            Key = attentionCase.Fused ? Query : Own(NewTensor(device, attentionCase.Key, attentionCase.KeyColumns));
            Value = attentionCase.Fused ? Query : Own(NewTensor(device, attentionCase.Value, attentionCase.ValueColumns));
            Output = Own(device.Allocate(new Shape(attentionCase.QueryRows, options.QueryHeads * options.HeadSize)));
            LogSumExp = Own(device.Allocate(new Shape(attentionCase.QueryRows, options.QueryHeads)));
            DOutput = Own(NewTensor(device, attentionCase.DOutput, options.QueryHeads * options.HeadSize));
            DQuery = Own(device.Allocate(Query.Shape));
            DKey = attentionCase.Fused ? DQuery : Own(device.Allocate(Key.Shape));
            Bias = attentionCase.Bias is { } bias ? Own(NewTensor(device, bias, options.QueryHeads)) : null;
            DBias = Bias is null ? null : Own(device.Allocate(Bias.Shape));
            DBias?.Fill(1);
            DValue = attentionCase.Fused ? DQuery : Own(device.Allocate(Value.Shape));
            foreach (var tensor in new[] { Output, LogSumExp, DQuery, DKey, DValue })
            {
                tensor.Fill(Untouched);
            }
        }

        internal Tensor Query { get; }

        internal Tensor Key { get; }

        internal Tensor Value { get; }

        internal Tensor Output { get; }

        internal Tensor LogSumExp { get; }

        internal Tensor? Bias { get; }

        internal Tensor? DBias { get; }

        internal Tensor DOutput { get; }

        internal Tensor DQuery { get; }

        internal Tensor DKey { get; }

        internal Tensor DValue { get; }

        public void Dispose() => _owned.ForEach(tensor => tensor.Dispose());

        internal void Forward() => _device.Attention(
            Query, _case.QueryLayout, Key, _case.KeyLayout, Value, _case.ValueLayout, _case.Options, _case.Segments, Output, LogSumExp, Bias);

        internal void Backward() => _device.AttentionBackward(
            Query, _case.QueryLayout, Key, _case.KeyLayout, Value, _case.ValueLayout, _case.Options, _case.Segments,
            Output, LogSumExp, DOutput, DQuery, DKey, DValue, Bias, DBias);

        private Tensor Own(Tensor tensor)
        {
            _owned.Add(tensor);
            return tensor;
        }
    }
}
