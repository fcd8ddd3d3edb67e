using BenchmarkDotNet.Attributes;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;

namespace Transfuse.Benchmarks.Kernels;

/// <summary>A kernel of one tier and precision on a size that a small model has. Prints what it computes and moves a second, beside the time.</summary>
[Config(typeof(KernelConfig))]
public abstract class KernelBenchmark : IDisposable
{
    private readonly List<Tensor> _tensors = [];
    private CpuDevice? _device;

    /// <summary>A tier, or the precision of the best one's products.</summary>
    [ParamsSource(nameof(Kernels))]
    public string Kernel { get; set; } = "";

    public static IEnumerable<string> Kernels
    {
        get
        {
            foreach (var tier in KernelTiers.Available.Where(tier => tier is not (KernelTier.Scalar or KernelTier.Vector512BFloat16)))
            {
                yield return KernelTiers.ToName(tier);
            }

            foreach (var precision in (ProductPrecision[])[ProductPrecision.BFloat16, ProductPrecision.Int8])
            {
                using var device = new CpuDevice(threads: 1, precision: precision);
                if (device.Precision == precision)
                {
                    yield return precision.ToString();
                }
            }
        }
    }

    /// <summary>Floating-point operations of a call, 0 where they do not matter, and bytes that it reads and writes at least.</summary>
    internal abstract (double Operations, double Bytes) Work { get; }

    protected CpuDevice Device => _device!;

    [GlobalSetup]
    public void Start()
    {
        _device = Enum.TryParse<ProductPrecision>(Kernel, out var precision) && Enum.IsDefined(precision) && !char.IsDigit(Kernel[0])
            ? new CpuDevice(precision: precision)
            : new CpuDevice(KernelTiers.Parse(Kernel));
        Prepare();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _tensors.ForEach(tensor => tensor.Dispose());
        _device?.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract void Prepare();

    /// <summary>A tensor of normal numbers, which is disposed at the end.</summary>
    protected Tensor Normal(params ReadOnlySpan<int> shape)
    {
        var tensor = Keep(Device.Allocate(shape.Length == 1 ? new Shape(shape[0]) : new Shape(shape[0], shape[1])));
        var random = new RandomStream(_tensors.Count, "bench");
        foreach (ref var value in tensor.AsSpan())
        {
            value = (float)random.NextNormal();
        }

        return tensor;
    }

    protected Tensor Keep(Tensor tensor)
    {
        _tensors.Add(tensor);
        return tensor;
    }
}
