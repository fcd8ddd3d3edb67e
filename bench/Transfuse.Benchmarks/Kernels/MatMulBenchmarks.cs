using BenchmarkDotNet.Attributes;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;

namespace Transfuse.Benchmarks.Kernels;

/// <summary>Matrix products on the shapes of a small model's training step, in every tier and layout.</summary>
[MemoryDiagnoser]
public class MatMulBenchmarks : IDisposable
{
    private CpuDevice? _device;
    private Tensor? _a, _b, _destination;

    [ParamsAllValues]
    public MatMulLayout Layout { get; set; }

    [ParamsSource(nameof(Tiers))]
    public KernelTier Tier { get; set; }

    [Params("4096x864x288", "4096x288x768", "512x32000x288", "4096x2752x512")]
    public string Shape { get; set; } = "";

    public static IEnumerable<KernelTier> Tiers => Enum.GetValues<KernelTier>().Where(tier => tier != KernelTier.Scalar && tier <= KernelTiers.Best);

    [GlobalSetup]
    public void Allocate()
    {
        int[] sizes = [.. Shape.Split('x').Select(size => int.Parse(size, System.Globalization.CultureInfo.InvariantCulture))];
        var (m, n, k) = (sizes[0], sizes[1], sizes[2]);
        _device = new CpuDevice(Tier);
        _a = Allocate(Layout == MatMulLayout.TN ? new Shape(k, m) : new Shape(m, k));
        _b = Allocate(Layout == MatMulLayout.NT ? new Shape(n, k) : new Shape(k, n));
        _destination = Allocate(new Shape(m, n));
    }

    [Benchmark]
    public void MatMul() => _device!.MatMul(Layout, _a!, _b!, _destination!);

    [GlobalCleanup]
    public void Dispose()
    {
        _a?.Dispose();
        _b?.Dispose();
        _destination?.Dispose();
        _device?.Dispose();
        GC.SuppressFinalize(this);
    }

    private Tensor Allocate(Shape shape)
    {
        var tensor = _device!.Allocate(shape);
        tensor.Fill(0.5f);
        return tensor;
    }
}
