using BenchmarkDotNet.Attributes;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;

namespace Transfuse.Benchmarks.Kernels;

/// <summary>Causal attention over documents packed into a batch of 4096 tokens, eight heads of 64, and its gradient.</summary>
public class AttentionBenchmarks : KernelBenchmark
{
    private const int Tokens = 4096, Heads = 8, HeadSize = 64, Width = Heads * HeadSize;

    private Tensor? _qkv, _output, _logSumExp, _dOutput, _dQkv;
    private AttentionSegment[] _segments = [];

    [Params(512, 4096)]
    public int Document { get; set; }

    // Two products of a query with the keys that it sees, on average half a document; bytes are those of q, k, v and the output.
    internal override (double Operations, double Bytes) Work => (4.0 * Tokens * Width * (Document + 1) / 2, 16.0 * Tokens * Width);

    private static AttentionOptions Options { get; } = new() { QueryHeads = Heads, KeyValueHeads = Heads, HeadSize = HeadSize, Scale = 0.125f };

    [Benchmark]
    public void Forward() => Device.Attention(
        _qkv!, Layout(0), _qkv!, Layout(1), _qkv!, Layout(2), Options, _segments, _output!, _logSumExp!);

    /// <summary>Five products for the two of <see cref="Forward"/>, whose rates are printed.</summary>
    [Benchmark]
    public void Backward() => Device.AttentionBackward(
        _qkv!, Layout(0), _qkv!, Layout(1), _qkv!, Layout(2), Options, _segments, _output!, _logSumExp!, _dOutput!, _dQkv!, _dQkv!, _dQkv!);

    protected override void Prepare()
    {
        _qkv = Normal(Tokens, 3 * Width);
        _dQkv = Normal(Tokens, 3 * Width);
        _output = Normal(Tokens, Width);
        _dOutput = Normal(Tokens, Width);
        _logSumExp = Normal(Tokens, Heads);
        _segments = [.. Enumerable.Range(0, Tokens / Document).Select(i => AttentionSegment.Self(i * Document, Document))];
        Forward();
    }

    private static HeadLayout Layout(int part) => new(part * Width, HeadSize);
}
