using System.Diagnostics;
using System.Globalization;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;
using Transfuse.Tensors.Memory;
using Transfuse.Tensors.Parallelism;
using Transfuse.Tensors.Simd;

namespace Transfuse.Benchmarks.Training;

/// <summary>What the machine can do at most: the innermost loop of a product on panels that stay in the first-level cache, on all cores.</summary>
internal static class GemmPeak
{
    private const int Depth = 256, Repeats = 4000, Rounds = 15;

    internal static void Run(ProductPrecision precision)
    {
        var threads = Environment.ProcessorCount;
        using var workers = new WorkerPool(threads);
        using var memory = new MemoryPool();
        using var code = precision == ProductPrecision.BFloat16 ? BFloat16Code.TryCreate(out _) : null;
        var best = KernelTiers.FromEnvironment() switch
        {
            KernelTier.Vector512BFloat16 when code is not null => Measure(new BFloat16Kernel(code), workers, memory),
            KernelTier.Scalar => Measure(default(SingleKernel<SimdScalar, TileProduct4, SimdScalar>), workers, memory),
            KernelTier.Vector128 => Measure(default(SingleKernel<Simd128, TileProduct4, Simd128>), workers, memory),
            KernelTier.Vector256 => Measure(default(SingleKernel<Simd256, TileProduct4, Simd128>), workers, memory),
            _ => Measure(default(SingleKernel<Simd512, TileProduct8, Simd256>), workers, memory),
        };
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"micro-kernel peak, {(code is null ? "f32" : "bf16")}, {threads} threads: {best:F0} GFLOP/s"));
    }

    private static unsafe double Measure<TKernel>(TKernel kernel, WorkerPool workers, MemoryPool memory)
        where TKernel : struct, IGemmKernel
    {
        var panels = Depth * (kernel.TileRows + kernel.TileColumns);
        var tile = kernel.TileRows * kernel.TileColumns;
        using var scratch = Tensor.Allocate(memory, new Shape(workers.WorkerCount, panels + tile + 64));
        scratch.Fill(0.5f);
        var body = new Body<TKernel>(kernel, scratch.Data, panels + tile + 64);
        var best = 0d;
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            workers.Run(workers.WorkerCount, ref body);
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            best = Math.Max(best, 2.0 * tile * Depth * Repeats * workers.WorkerCount / seconds / 1e9);
        }

        return best;
    }

    private readonly unsafe struct Body<TKernel>(TKernel kernel, float* scratch, int stride) : IParallelBody
        where TKernel : struct, IGemmKernel
    {
        public void Execute(int task, int worker)
        {
            var a = scratch + ((nint)task * stride);
            var b = a + (Depth * kernel.TileRows);
            var tile = new GemmTile(b + (Depth * kernel.TileColumns), null, kernel.TileColumns, kernel.TileRows, kernel.TileColumns);
            for (var repeat = 0; repeat < Repeats; repeat++)
            {
                kernel.Multiply(Depth, (byte*)a, (byte*)b, tile);
            }
        }
    }
}
