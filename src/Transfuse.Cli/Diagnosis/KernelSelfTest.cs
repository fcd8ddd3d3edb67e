using System.Diagnostics;
using System.Globalization;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Random;

namespace Transfuse.Cli.Diagnosis;

/// <summary>Compares matrix products of this machine's kernels, in every precision that it has, with the same computed in double precision, element by element.</summary>
internal static class KernelSelfTest
{
    private const string Name = "kernels";
    private const DType Quantised = DType.Q8_0;

    // |a·b| in float32 with any order of summation differs by at most k·ε·Σ|aᵢbᵢ|; products of bf16 operands by their own rounding, 2⁻⁸ each; those of
    // rows rounded to 8 bits by half a step of the largest of 32 neighbours each.
    private const double FloatError = 1.2e-7;
    private const double BFloat16Error = 1.0 / 128;
    private const double IntegerError = 0.5 / 127;
    private const int Block = 32;
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(1);

    private static readonly (int M, int N, int K)[] Sizes =
        [(1, 1, 1), (3, 5, 7), (8, 48, 64), (17, 49, 65), (1, 257, 130), (100, 31, 127), (129, 96, 300), (64, 512, 256)];

    /// <summary>Tests until all sizes are done in all precisions, or a second is over for one of them.</summary>
    internal static HealthCheck Run(KernelTier tier, int threads, TimeProvider time, CancellationToken cancellation)
    {
        var passed = new List<string>();
        var state = HealthState.Good;
        foreach (var precision in Enum.GetValues<ProductPrecision>())
        {
            using var device = new CpuDevice(tier, threads, precision: precision);
            if (device.Precision == precision)
            {
                var (done, worst, fault) = Test(device, time, cancellation);
                if (fault is not null)
                {
                    return Failed(device, fault, worst);
                }

                passed.Add(string.Create(CultureInfo.InvariantCulture, $"{device.Name}: {done} (worst {worst:0.000} of the error bound)"));
            }
            else if (tier == KernelTiers.Best && tier == KernelTier.Vector512BFloat16)
            {
                // The processor could, but the system does not let it.
                state = HealthState.Warning;
                passed.Add($"no products in {precision}: {device.PrecisionNote}");
            }
        }

        return new HealthCheck(Name, state, $"matrix products agree with double precision; {string.Join("; ", passed)}");
    }

    private static (int Done, double Worst, string? Fault) Test(CpuDevice device, TimeProvider time, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        var (done, worst) = (0, 0.0);
        foreach (var (m, n, k) in Sizes)
        {
            foreach (var layout in Enum.GetValues<MatMulLayout>())
            {
                cancellation.ThrowIfCancellationRequested();
                if (time.GetElapsedTime(start) > Budget)
                {
                    return (done, worst, null);
                }

                var isInteger = device.Precision == ProductPrecision.Int8;
                if (isInteger && layout != MatMulLayout.NT)
                {
                    continue;
                }

                var excess = isInteger ? ExcessOfIntegers(device, m, n, (k + Block - 1) / Block * Block) : Excess(device, layout, m, n, k);
                if (!(excess <= 1))
                {
                    return (done, excess, $"{layout} {m}x{k}x{n}");
                }

                worst = Math.Max(worst, excess);
                done++;
            }
        }

        return (done, worst, null);
    }

    private static HealthCheck Failed(CpuDevice device, string product, double excess) => new(
        Name,
        HealthState.Fault,
        string.Create(CultureInfo.InvariantCulture, $"{device.Name}: matrix product {product} is off by {excess:0.##} times the error bound; ")
        + $"set {KernelTiers.EnvironmentVariable} to a lower tier and report this");

    // Largest error of any element as a multiple of its bound; above 1 (or NaN) is a fault.
    private static double Excess(CpuDevice device, MatMulLayout layout, int m, int n, int k)
    {
        var random = Random(m, n, k);
        var (aTransposed, bTransposed) = Transposed(layout);
        using var a = Fill(device, aTransposed ? new Shape(k, m) : new Shape(m, k), random);
        using var b = Fill(device, bTransposed ? new Shape(n, k) : new Shape(k, n), random);
        using var result = device.Allocate(new Shape(m, n));
        device.MatMul(layout, a, b, result);
        var unit = device.Precision == ProductPrecision.BFloat16 ? BFloat16Error : 0;
        var rows = Lines(a, m, k, aTransposed);
        return Worst(result, rows, Lines(b, n, k, !bTransposed), Array.ConvertAll(rows, row => Array.ConvertAll(row, value => unit * Math.Abs(value))));
    }

    // A·Wᵀ with a quantised W, whose own values are exact.
    private static double ExcessOfIntegers(CpuDevice device, int m, int n, int k)
    {
        var random = Random(m, n, k);
        using var a = Fill(device, new Shape(m, k), random);
        using var weight = Fill(device, new Shape(n, k), random);
        using var stored = Tensor.AllocateResting(device.Memory, k, new RestingSection(n, Quantised));
        for (var row = 0; row < n; row++)
        {
            BlockFormat.Narrow(Quantised, weight.Row(row), stored.RestingRow(row));
            stored.WidenRow(row, weight.Row(row));
        }

        using var packed = device.PackWeight(stored, exact: true);
        using var result = device.Allocate(new Shape(m, n));
        device.MatMul(MatMulLayout.NT, a, packed ?? stored, result);
        var rows = Lines(a, m, k, transposed: false);
        var rounding = Array.ConvertAll(
            rows, row => row.Chunk(Block).SelectMany(block => Enumerable.Repeat(IntegerError * block.Max(Math.Abs), block.Length)).ToArray());
        return Worst(result, rows, Lines(weight, n, k, transposed: false), rounding);
    }

    /// <param name="result">What the kernel says.</param>
    /// <param name="a">Rows of the first operand.</param>
    /// <param name="b">Columns of the second.</param>
    /// <param name="rounding">How far elements of the first may be rounded, times what they meet.</param>
    private static double Worst(Tensor result, double[][] a, double[][] b, double[][] rounding)
    {
        var worst = 0.0;
        for (var i = 0; i < result.Rows; i++)
        {
            var row = result.Row(i);
            var (left, rounded) = (a[i], rounding[i]);
            for (var j = 0; j < result.Columns; j++)
            {
                var right = b[j];
                var (sum, bound) = (0.0, 0.0);
                for (var p = 0; p < left.Length; p++)
                {
                    sum += left[p] * right[p];
                    bound += Math.Abs(right[p]) * ((left.Length * FloatError * Math.Abs(left[p])) + rounded[p]);
                }

                var error = Math.Abs(row[j] - sum) / Math.Max(bound, 1e-30);
                if (!(error <= worst))
                {
                    worst = error;
                }
            }
        }

        return worst;
    }

    private static double[][] Lines(Tensor tensor, int count, int length, bool transposed) =>
        [.. Enumerable.Range(0, count).Select(line => Enumerable.Range(0, length).Select(p => (double)(transposed ? tensor.Row(p)[line] : tensor.Row(line)[p])).ToArray())];

    private static RandomStream Random(int m, int n, int k) => new(m + (1000L * n) + (1_000_000L * k), "doctor");

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
