using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tensors.Tests.Devices.Cpu;

public sealed class CpuDeviceNormsTests
{
    private const float Epsilon = 1e-5f;

    public static TheoryData<KernelTier> Tiers => KernelCase.Tiers;

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Rms_norm_and_its_gradient_equal_the_reference(KernelTier tier)
    {
        using var device = new CpuDevice(tier, threads: 2);
        foreach (var (rows, columns) in KernelCase.Shapes)
        {
            foreach (var offset in new[] { 0f, 1f })
            {
                var reference = new NormReference(rows, columns, offset, centered: false);
                CheckRms(device, reference, offset);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Layer_norm_and_its_gradient_equal_the_reference(KernelTier tier)
    {
        using var device = new CpuDevice(tier, threads: 2);
        foreach (var (rows, columns) in KernelCase.Shapes.Where(shape => shape.Columns > 1))
        {
            CheckLayer(device, new NormReference(rows, columns, 0, centered: true));
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Layer_norm_survives_a_mean_far_from_zero(KernelTier tier)
    {
        using var device = new CpuDevice(tier, threads: 1);
        float[] x = [.. KernelCase.Normal(1000, "x").Select(value => 1000 + value)];
        using Tensor tx = device.ToTensor(x, 1, 1000), weight = device.ToTensor(Enumerable.Repeat(1f, 1000).ToArray());
        using Tensor y = device.Allocate(tx.Shape), statistics = device.Allocate(new Shape(1, 2));
        device.LayerNorm(tx, weight, null, Epsilon, y, statistics);
        var mean = x.Average(value => (double)value);
        var variance = x.Average(value => (value - mean) * (value - mean));
        TensorAssert.Close([.. x.Select(value => (value - mean) / Math.Sqrt(variance + Epsilon))], y.AsSpan(), 1e-4, 1e-5, "y");
        Assert.Equal(1 / Math.Sqrt(variance + Epsilon), statistics.AsSpan()[1], 1e-5);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Threads_do_not_change_a_bit(KernelTier tier)
    {
        var reference = new NormReference(1001, 130, 0, centered: true);
        KernelCase.SameBitsForAnyThreads(tier, device => RunLayer(device, reference));
        KernelCase.SameBitsForAnyThreads(tier, device => RunRms(device, reference));
    }

    [Fact]
    public void Warm_calls_allocate_nothing()
    {
        var reference = new NormReference(500, 200, 0, centered: true);
        using var device = new CpuDevice(threads: 2);
        using Tensor x = device.ToTensor(reference.X, 500, 200), weight = device.ToTensor(reference.Weight), dy = device.ToTensor(reference.Dy, 500, 200);
        using Tensor y = device.Allocate(x.Shape), one = device.Allocate(new Shape(500)), two = device.Allocate(new Shape(500, 2));
        using Tensor dWeight = device.AllocateZeroed(weight.Shape), dBias = device.AllocateZeroed(weight.Shape);
        KernelCase.AllocatesNothing(() =>
        {
            device.RmsNorm(x, weight, 0, Epsilon, y, one);
            device.RmsNormBackward(x, weight, 0, one, dy, y, accumulate: false, dWeight);
            device.LayerNorm(x, weight, weight, Epsilon, y, two);
            device.LayerNormBackward(x, weight, two, dy, y, accumulate: false, dWeight, dBias);
        });
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        using var device = new CpuDevice(threads: 1);
        using Tensor x = device.Allocate(new Shape(2, 3)), good = device.Allocate(new Shape(3)), bad = device.Allocate(new Shape(4));
        using Tensor rows = device.Allocate(new Shape(2)), y = device.Allocate(new Shape(2, 3));
        Assert.Throws<ShapeMismatchException>(() => device.RmsNorm(x, bad, 0, Epsilon, y, rows));
        Assert.Throws<ShapeMismatchException>(() => device.RmsNorm(x, good, 0, Epsilon, y, good));
        Assert.Throws<ShapeMismatchException>(() => device.RmsNormBackward(x, good, 0, rows, y, y, accumulate: false, bad));
        Assert.Throws<ShapeMismatchException>(() => device.LayerNorm(x, good, bad, Epsilon, y, bad));
        Assert.Throws<ShapeMismatchException>(() => device.LayerNorm(x, good, good, Epsilon, y, rows));
        Assert.Throws<ShapeMismatchException>(() => device.LayerNormBackward(x, good, bad, y, y, accumulate: false, good, bad));
    }

    private static void CheckRms(CpuDevice device, NormReference reference, float offset)
    {
        var (rows, columns) = (reference.Rows, reference.Columns);
        using Tensor x = device.ToTensor(reference.X, rows, columns), weight = device.ToTensor(reference.Weight);
        using Tensor dy = device.ToTensor(reference.Dy, rows, columns), y = device.Allocate(x.Shape), inverse = device.Allocate(new Shape(rows));
        using Tensor dx = device.Allocate(x.Shape), dWeight = device.AllocateZeroed(weight.Shape);
        device.RmsNorm(x, weight, offset, Epsilon, y, inverse);
        TensorAssert.Close(reference.Y(withBias: false), y.AsSpan(), 1e-6, 1e-6, "y");
        device.RmsNormBackward(x, weight, offset, inverse, dy, dx, accumulate: false, dWeight);
        TensorAssert.Close(reference.Dx, dx.AsSpan(), 4e-6 * (1 + reference.Dx.Max(Math.Abs)), 1e-5, "dx");
        TensorAssert.Close(reference.DWeight, dWeight.AsSpan(), 1e-6 * rows, 1e-5, "dWeight");
        device.RmsNormBackward(x, weight, offset, inverse, dy, dx, accumulate: true, null);
        TensorAssert.Close([.. reference.Dx.Select(value => 2 * value)], dx.AsSpan(), 8e-6 * (1 + reference.Dx.Max(Math.Abs)), 1e-5, "accumulated dx");
        device.RmsNormBackward(x, weight, offset, inverse, dy, dy, accumulate: false, dWeight);
        TensorAssert.Close(reference.Dx, dy.AsSpan(), 4e-6 * (1 + reference.Dx.Max(Math.Abs)), 1e-5, "dx in place of dy");
        TensorAssert.Close([.. reference.DWeight.Select(value => 2 * value)], dWeight.AsSpan(), 2e-6 * rows, 1e-5, "accumulated dWeight");
    }

    private static void CheckLayer(CpuDevice device, NormReference reference)
    {
        var (rows, columns) = (reference.Rows, reference.Columns);
        using Tensor x = device.ToTensor(reference.X, rows, columns), weight = device.ToTensor(reference.Weight), bias = device.ToTensor(reference.Bias);
        using Tensor dy = device.ToTensor(reference.Dy, rows, columns), y = device.Allocate(x.Shape), statistics = device.Allocate(new Shape(rows, 2));
        using Tensor dx = device.Allocate(x.Shape), dWeight = device.AllocateZeroed(weight.Shape), dBias = device.AllocateZeroed(weight.Shape);
        device.LayerNorm(x, weight, bias, Epsilon, y, statistics);
        TensorAssert.Close(reference.Y(withBias: true), y.AsSpan(), 3e-6, 3e-6, "y");
        device.LayerNormBackward(x, weight, statistics, dy, dx, accumulate: false, dWeight, dBias);

        // Rows whose spread is small have large gradients; the error is relative to those.
        TensorAssert.Close(reference.Dx, dx.AsSpan(), 4e-6 * (1 + reference.Dx.Max(Math.Abs)), 1e-5, "dx");
        TensorAssert.Close(reference.DWeight, dWeight.AsSpan(), 1e-6 * rows, 1e-5, "dWeight");
        TensorAssert.Close(reference.DBias, dBias.AsSpan(), 1e-6 * rows, 1e-5, "dBias");
        device.LayerNorm(x, weight, null, Epsilon, y, statistics);
        TensorAssert.Close(reference.Y(withBias: false), y.AsSpan(), 3e-6, 3e-6, "y without bias");
        device.LayerNormBackward(x, weight, statistics, dy, dx, accumulate: true, null, dBias);
        TensorAssert.Close([.. reference.Dx.Select(value => 2 * value)], dx.AsSpan(), 8e-6 * (1 + reference.Dx.Max(Math.Abs)), 1e-5, "accumulated dx");
        TensorAssert.Close([.. reference.DBias.Select(value => 2 * value)], dBias.AsSpan(), 2e-6 * rows, 1e-5, "accumulated dBias");
    }

    private static float[] RunRms(CpuDevice device, NormReference reference)
    {
        using Tensor x = device.ToTensor(reference.X, reference.Rows, reference.Columns), weight = device.ToTensor(reference.Weight);
        using Tensor dy = device.ToTensor(reference.Dy, reference.Rows, reference.Columns), inverse = device.Allocate(new Shape(reference.Rows));
        using Tensor dx = device.Allocate(x.Shape), dWeight = device.AllocateZeroed(weight.Shape);
        device.RmsNorm(x, weight, 0, Epsilon, dx, inverse);
        device.RmsNormBackward(x, weight, 0, inverse, dy, dx, accumulate: true, dWeight);
        return [.. dx.AsSpan(), .. dWeight.AsSpan()];
    }

    private static float[] RunLayer(CpuDevice device, NormReference reference)
    {
        using Tensor x = device.ToTensor(reference.X, reference.Rows, reference.Columns), weight = device.ToTensor(reference.Weight);
        using Tensor dy = device.ToTensor(reference.Dy, reference.Rows, reference.Columns), statistics = device.Allocate(new Shape(reference.Rows, 2));
        using Tensor dx = device.Allocate(x.Shape), dWeight = device.AllocateZeroed(weight.Shape), dBias = device.AllocateZeroed(weight.Shape);
        device.LayerNorm(x, weight, weight, Epsilon, dx, statistics);
        device.LayerNormBackward(x, weight, statistics, dy, dx, accumulate: true, dWeight, dBias);
        return [.. dx.AsSpan(), .. dWeight.AsSpan(), .. dBias.AsSpan()];
    }

    /// <summary>Both norms in double, as their equations stand.</summary>
    private sealed class NormReference
    {
        private readonly double[] _normalised;
        private readonly float _offset;

        internal NormReference(int rows, int columns, float offset, bool centered)
        {
            (Rows, Columns, _offset) = (rows, columns, offset);
            X = KernelCase.Normal(rows * columns, "x");
            Dy = KernelCase.Normal(rows * columns, "dy");
            Weight = KernelCase.Normal(columns, "weight");
            Bias = KernelCase.Normal(columns, "bias");
            _normalised = new double[X.Length];
            Dx = new double[X.Length];
            DWeight = new double[columns];
            DBias = new double[columns];
            for (var row = 0; row < rows; row++)
            {
                Differentiate(Enumerable.Range(row * columns, columns).ToArray(), centered);
            }
        }

        internal int Rows { get; }

        internal int Columns { get; }

        internal float[] X { get; }

        internal float[] Dy { get; }

        internal float[] Weight { get; }

        internal float[] Bias { get; }

        internal double[] Dx { get; }

        internal double[] DWeight { get; }

        internal double[] DBias { get; }

        internal double[] Y(bool withBias) =>
            [.. _normalised.Select((value, i) => (value * (Weight[i % Columns] + (double)_offset)) + (withBias ? Bias[i % Columns] : 0))];

        private void Differentiate(int[] row, bool centered)
        {
            var mean = centered ? row.Average(i => (double)X[i]) : 0;
            var inverse = 1 / Math.Sqrt(row.Average(i => (X[i] - mean) * (X[i] - mean)) + Epsilon);
            foreach (var i in row)
            {
                _normalised[i] = (X[i] - mean) * inverse;
                DWeight[i % Columns] += Dy[i] * _normalised[i];
                DBias[i % Columns] += Dy[i];
            }

            double G(int i) => Dy[i] * (Weight[i % Columns] + (double)_offset);
            var sum = centered ? row.Average(G) : 0;
            var dot = row.Average(i => G(i) * _normalised[i]);
            foreach (var i in row)
            {
                Dx[i] = inverse * (G(i) - sum - (_normalised[i] * dot));
            }
        }
    }
}
