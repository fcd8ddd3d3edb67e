using System.Globalization;
using BenchmarkDotNet.Attributes;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;

namespace Transfuse.Benchmarks.Kernels;

/// <summary>Matrix products on the shapes of a small model's training step, in every layout.</summary>
public class MatMulBenchmarks : KernelBenchmark
{
    private Tensor? _a, _b, _destination;

    [ParamsAllValues]
    public MatMulLayout Layout { get; set; }

    [Params("4096x864x288", "4096x288x768", "512x32000x288", "4096x2752x512")]
    public string Shape { get; set; } = "";

    internal override (double Operations, double Bytes) Work
    {
        get
        {
            var (m, n, k) = Sizes;
            return (2.0 * m * n * k, 4.0 * (((double)m * n) + ((double)m * k) + ((double)n * k)));
        }
    }

    private (int M, int N, int K) Sizes => Shape.Split('x') is [var m, var n, var k] ? (Number(m), Number(n), Number(k)) : throw new FormatException(Shape);

    [Benchmark]
    public void MatMul() => Device.MatMul(Layout, _a!, _b!, _destination!);

    protected override void Prepare()
    {
        var (m, n, k) = Sizes;
        _a = Layout == MatMulLayout.TN ? Normal(k, m) : Normal(m, k);
        _b = Layout == MatMulLayout.NT ? Normal(n, k) : Normal(k, n);
        _destination = Normal(m, n);
    }

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);
}
