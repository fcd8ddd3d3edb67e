using System.Diagnostics;
using System.Globalization;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;

namespace Transfuse.Cli.Diagnosis;

/// <summary>Compares matrix products of this machine's kernels with the same computed in double precision, element by element.</summary>
internal static class KernelSelfTest
{
    private const string Name = "kernels";

    // |a·b| in float32 with any order of summation differs by at most k·ε·Σ|aᵢbᵢ|; products of bf16 operands by their own rounding, 2⁻⁸ each.
    private const double FloatError = 1.2e-7;
    private const double BFloat16Error = 1.0 / 128;
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(2);

    private static readonly (int M, int N, int K)[] Sizes =
        [(1, 1, 1), (3, 5, 7), (8, 48, 64), (17, 49, 65), (1, 257, 130), (100, 31, 127), (129, 96, 300), (64, 512, 256)];

    /// <summary>Tests until all sizes are done or two seconds are over.</summary>
    internal static HealthCheck Run(KernelTier tier, int threads, TimeProvider time, CancellationToken cancellation)
    {
        using var device = new CpuDevice(tier, threads);
        var start = time.GetTimestamp();
        var done = 0;
        var worst = 0.0;
        foreach (var (m, n, k) in Sizes)
        {
            foreach (var layout in Enum.GetValues<MatMulLayout>())
            {
                cancellation.ThrowIfCancellationRequested();
                if (time.GetElapsedTime(start) > Budget)
                {
                    return Passed(done, worst, device);
                }

                var excess = Excess(device, layout, m, n, k);
                if (!(excess <= 1))
                {
                    return Failed(device, $"{layout} {m}x{k}x{n}", excess);
                }

                worst = Math.Max(worst, excess);
                done++;
            }
        }

        return Passed(done, worst, device);
    }

    private static HealthCheck Failed(CpuDevice device, string product, double excess) => new(
        Name,
        HealthState.Fault,
        string.Create(CultureInfo.InvariantCulture, $"{device.Name}: matrix product {product} is off by {excess:0.##} times the error bound; ")
        + $"set {KernelTiers.EnvironmentVariable} to a lower tier and report this");

    private static HealthCheck Passed(int done, double worst, CpuDevice device) => new(
        Name,
        HealthState.Good,
        string.Create(CultureInfo.InvariantCulture, $"{device.Name}: {done} matrix products agree with double precision (worst {worst:0.000} of the error bound)"));

    // Largest error of any element as a multiple of its bound; above 1 (or NaN) is a fault.
    private static double Excess(CpuDevice device, MatMulLayout layout, int m, int n, int k)
    {
        var random = new RandomStream(m + (1000L * n) + (1_000_000L * k), "doctor");
        var (aTransposed, bTransposed) = Transposed(layout);
        using var a = Fill(device, aTransposed ? new Shape(k, m) : new Shape(m, k), random);
        using var b = Fill(device, bTransposed ? new Shape(n, k) : new Shape(k, n), random);
        using var result = device.Allocate(new Shape(m, n));
        device.MatMul(layout, a, b, result);
        var unit = device.Tier == KernelTier.Vector512BFloat16 ? BFloat16Error : 0;
        var worst = 0.0;
        for (var i = 0; i < m; i++)
        {
            var row = result.Row(i);
            for (var j = 0; j < n; j++)
            {
                var sum = 0.0;
                var magnitude = 0.0;
                for (var p = 0; p < k; p++)
                {
                    var product = (double)(aTransposed ? a.Row(p)[i] : a.Row(i)[p]) * (bTransposed ? b.Row(j)[p] : b.Row(p)[j]);
                    sum += product;
                    magnitude += Math.Abs(product);
                }

                var bound = magnitude * ((k * FloatError) + unit);
                var error = Math.Abs(row[j] - sum) / Math.Max(bound, 1e-30);
                if (!(error <= worst))
                {
                    worst = error;
                }
            }
        }

        return worst;
    }

    private static Tensor Fill(CpuDevice device, Shape shape, RandomStream random)
    {
        var tensor = device.Allocate(shape);
        foreach (ref var value in tensor.AsSpan())
        {
            value = (float)random.NextNormal();
        }

        return tensor;
    }

    private static (bool A, bool B) Transposed(MatMulLayout layout) => layout switch
    {
        MatMulLayout.NN => (false, false),
        MatMulLayout.NT => (false, true),
        MatMulLayout.TN => (true, false),
        _ => throw new UnreachableException(),
    };
}
