using BenchmarkDotNet.Attributes;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;

namespace Transfuse.Benchmarks.Kernels;

/// <summary>The head of a small model with its loss, that with gradients, and its ten most probable tokens. Rates are those of the product hidden·Wᵀ.</summary>
public class HeadBenchmarks : KernelBenchmark
{
    private const int Tokens = 2048, Hidden = 288, Vocabulary = 32000, Most = 10;

    private readonly int[] _labels = [.. Enumerable.Range(0, Tokens).Select(i => i * 7919 % Vocabulary)];
    private readonly float[] _weights = [.. Enumerable.Repeat(1f, Tokens)], _losses = new float[Tokens], _probabilities = new float[Tokens * Most];
    private readonly int[] _ids = new int[Tokens * Most];
    private Tensor? _hidden, _head, _dHidden, _dHead;

    internal override (double Operations, double Bytes) Work => (2.0 * Tokens * Hidden * Vocabulary, 4.0 * Hidden * (Tokens + Vocabulary));

    [Benchmark]
    public void Loss() => Device.LinearCrossEntropy(_hidden!, _head!, HeadOptions.Plain, _labels, _weights, null, _losses, default, null, null);

    [Benchmark]
    public void LossAndGradients() =>
        Device.LinearCrossEntropy(_hidden!, _head!, HeadOptions.Plain, _labels, _weights, null, _losses, default, _dHidden, _dHead);

    [Benchmark]
    public void TopTen() => Device.HeadTopK(_hidden!, _head!, HeadOptions.Plain, Most, _labels, _ids, _probabilities, _losses);

    protected override void Prepare()
    {
        _hidden = Normal(Tokens, Hidden);
        _head = Normal(Vocabulary, Hidden);
        _dHidden = Normal(Tokens, Hidden);
        _dHead = Normal(Vocabulary, Hidden);
    }
}
