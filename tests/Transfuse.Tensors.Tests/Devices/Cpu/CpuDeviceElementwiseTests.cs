using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tensors.Tests.Devices.Cpu;

public sealed class CpuDeviceElementwiseTests
{
    public static TheoryData<KernelTier> Tiers => KernelCase.Tiers;

    public static TheoryData<KernelTier, ActivationKind> TiersAndActivations
    {
        get
        {
            var data = new TheoryData<KernelTier, ActivationKind>();
            foreach (var tier in KernelTiers.Available)
            {
                foreach (var kind in Enum.GetValues<ActivationKind>())
                {
                    data.Add(tier, kind);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Add_and_scale_equal_the_reference(KernelTier tier)
    {
        using var device = new CpuDevice(tier, threads: 2);
        foreach (var length in KernelCase.Lengths)
        {
            float[] a = KernelCase.Normal(length, "a"), b = KernelCase.Normal(length, "b");
            using Tensor ta = device.ToTensor(a), tb = device.ToTensor(b), y = device.Allocate(new Shape(length));
            device.Add(ta, tb, y);
            TensorAssert.Close([.. a.Zip(b, (p, q) => (double)p + q)], y.AsSpan(), 0, 1e-7, "a + b");
            device.Scale(ta, -1.7f, y, accumulate: false);
            TensorAssert.Close([.. a.Select(p => -1.7f * (double)p)], y.AsSpan(), 0, 1e-7, "scaled");
            device.Scale(ta, 0.3f, tb, accumulate: true);
            TensorAssert.Close([.. a.Zip(b, (p, q) => q + (0.3f * (double)p))], tb.AsSpan(), 0, 1e-7, "b + scaled");
            device.Add(ta, ta, ta);
            TensorAssert.Close([.. a.Select(p => 2.0 * p)], ta.AsSpan(), 0, 0, "in place");
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Bias_and_column_sums_equal_the_reference(KernelTier tier)
    {
        using var device = new CpuDevice(tier, threads: 2);
        foreach (var (rows, columns) in KernelCase.Shapes)
        {
            float[] x = KernelCase.Normal(rows * columns, "x"), bias = KernelCase.Normal(columns, "bias");
            using Tensor tx = device.ToTensor(x, rows, columns), tb = device.ToTensor(bias), sums = device.ToTensor(bias);
            var expected = new double[columns];
            var magnitude = new double[columns];
            for (var i = 0; i < x.Length; i++)
            {
                expected[i % columns] += x[i];
                magnitude[i % columns] += Math.Abs(x[i]);
            }

            device.SumRows(tx, sums, accumulate: true);
            TensorAssert.Close([.. expected.Zip(bias, (p, q) => p + q)], sums.AsSpan(), 4e-7 * (magnitude.Max() + 1), 0, "accumulated sum");
            device.SumRows(tx, sums, accumulate: false);
            TensorAssert.Close(expected, sums.AsSpan(), 4e-7 * magnitude.Max(), 0, "sum");
            device.AddBias(tx, tb);
            TensorAssert.Close([.. x.Select((p, i) => (double)p + bias[i % columns])], tx.AsSpan(), 0, 1e-7, "biased");
        }
    }

    [Fact]
    public void Sum_of_no_rows_is_zero()
    {
        using var device = new CpuDevice(threads: 1);
        using Tensor none = device.Allocate(new Shape(0, 5)), sums = device.ToTensor([1f, 2, 3, 4, 5]);
        device.SumRows(none, sums, accumulate: true);
        Assert.Equal([1f, 2, 3, 4, 5], sums.AsSpan());
        device.SumRows(none, sums, accumulate: false);
        Assert.Equal([0f, 0, 0, 0, 0], sums.AsSpan());
    }

    [Theory]
    [MemberData(nameof(TiersAndActivations))]
    public void Activations_equal_the_reference(KernelTier tier, ActivationKind kind)
    {
        using var device = new CpuDevice(tier, threads: 2);
        foreach (var length in KernelCase.Lengths)
        {
            float[] x = KernelCase.Normal(length, "x", 3), dy = KernelCase.Normal(length, "dy");
            using Tensor tx = device.ToTensor(x), tdy = device.ToTensor(dy), y = device.Allocate(new Shape(length));
            device.Activate(kind, tx, y);
            TensorAssert.Close([.. x.Select(p => ActivationReference.Value(kind, p))], y.AsSpan(), 1e-9, 3e-6, "f(x)");
            double[] expected = [.. x.Zip(dy, (p, g) => g * ActivationReference.Slope(kind, p))];
            device.ActivateBackward(kind, tx, tdy, y, accumulate: false);
            TensorAssert.Close(expected, y.AsSpan(), 2e-6, 2e-6, "dx");
            device.ActivateBackward(kind, tx, tdy, y, accumulate: true);
            TensorAssert.Close([.. expected.Select(p => 2 * p)], y.AsSpan(), 4e-6, 4e-6, "accumulated dx");
            device.ActivateBackward(kind, tx, tdy, tdy, accumulate: false);
            TensorAssert.Close(expected, tdy.AsSpan(), 2e-6, 2e-6, "dx in place of dy");
        }
    }

    [Theory]
    [MemberData(nameof(TiersAndActivations))]
    public void Gated_activations_equal_the_reference(KernelTier tier, ActivationKind kind)
    {
        using var device = new CpuDevice(tier, threads: 2);
        foreach (var (rows, columns) in KernelCase.Shapes)
        {
            float[] x = KernelCase.Normal(rows * columns * 2, "x", 2), dy = KernelCase.Normal(rows * columns, "dy");
            double[] y = new double[rows * columns], dx = new double[x.Length];
            for (var i = 0; i < y.Length; i++)
            {
                var gate = (i / columns * 2 * columns) + (i % columns);
                y[i] = ActivationReference.Value(kind, x[gate]) * x[gate + columns];
                dx[gate] = ActivationReference.Slope(kind, x[gate]) * x[gate + columns] * dy[i];
                dx[gate + columns] = ActivationReference.Value(kind, x[gate]) * dy[i];
            }

            using Tensor tx = device.ToTensor(x, rows, 2 * columns), ty = device.Allocate(new Shape(rows, columns));
            using Tensor tdy = device.ToTensor(dy, rows, columns), tdx = device.Allocate(tx.Shape);
            device.Gated(kind, tx, ty);
            TensorAssert.Close(y, ty.AsSpan(), 1e-8, 4e-6, "y");
            device.GatedBackward(kind, tx, tdy, tdx);
            TensorAssert.Close(dx, tdx.AsSpan(), 4e-6, 4e-6, "dx");
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Dropout_keeps_its_share_and_depends_on_key_and_index_alone(KernelTier tier)
    {
        const int Length = 100_001;
        const float Rate = 0.3f;
        using var device = new CpuDevice(tier, threads: 2);
        using Tensor x = device.ToTensor(Enumerable.Repeat(1f, Length).ToArray()), y = device.Allocate(x.Shape), again = device.Allocate(x.Shape);
        device.Dropout(x, 42, Rate, y, accumulate: false);
        var values = y.AsSpan().ToArray();
        var kept = values.Count(value => value != 0);
        Assert.All(values.Where(value => value != 0), value => Assert.Equal(1 / 0.7f, value, 1e-6f));

        // Five standard deviations of a binomial count.
        Assert.InRange(kept, (0.7 * Length) - (5 * Math.Sqrt(0.21 * Length)), (0.7 * Length) + (5 * Math.Sqrt(0.21 * Length)));

        // Neighbours are independent: both kept with probability 0.49.
        var both = Enumerable.Range(0, Length - 1).Count(i => values[i] != 0 && values[i + 1] != 0);
        Assert.InRange(both, (0.49 * Length) - 1500, (0.49 * Length) + 1500);
        device.Dropout(x, 42, Rate, again, accumulate: false);
        Assert.Equal(values, again.AsSpan());
        device.Dropout(x, 42, Rate, again, accumulate: true);
        Assert.Equal(values.Select(value => 2 * value), again.AsSpan().ToArray());
        device.Dropout(x, 43, Rate, again, accumulate: false);
        Assert.NotEqual(values, again.AsSpan().ToArray());
        device.Dropout(x, 43, 0, again, accumulate: false);
        Assert.Equal(x.AsSpan(), again.AsSpan());
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Threads_do_not_change_a_bit(KernelTier tier)
    {
        KernelCase.SameBitsForAnyThreads(tier, device =>
        {
            using Tensor x = device.ToTensor(KernelCase.Normal(3001 * 130, "x"), 3001, 130), sums = device.AllocateZeroed(new Shape(130));
            device.SumRows(x, sums, accumulate: true);
            return sums.AsSpan().ToArray();
        });
        KernelCase.SameBitsForAnyThreads(tier, device =>
        {
            using Tensor x = device.ToTensor(KernelCase.Normal(501 * 260, "x"), 501, 260), y = device.Allocate(new Shape(501, 130));
            device.Gated(ActivationKind.Gelu, x, y);
            return y.AsSpan().ToArray();
        });
        KernelCase.SameBitsForAnyThreads(tier, device =>
        {
            using var x = device.ToTensor(KernelCase.Normal(70_001, "x"));
            device.Dropout(x, 7, 0.5f, x, accumulate: false);
            return x.AsSpan().ToArray();
        });
    }

    [Fact]
    public void Warm_calls_allocate_nothing()
    {
        using var device = new CpuDevice(threads: 2);
        using Tensor x = device.ToTensor(KernelCase.Normal(1000 * 260, "x"), 1000, 260), y = device.Allocate(new Shape(1000, 130));
        using Tensor sums = device.Allocate(new Shape(130)), dx = device.Allocate(x.Shape);
        KernelCase.AllocatesNothing(() =>
        {
            device.Gated(ActivationKind.Silu, x, y);
            device.GatedBackward(ActivationKind.Silu, x, y, dx);
            device.SumRows(y, sums, accumulate: false);
            device.AddBias(y, sums);
            device.Add(x, dx, dx);
            device.Scale(x, 2, dx, accumulate: true);
            device.Activate(ActivationKind.Gelu, x, dx);
            device.ActivateBackward(ActivationKind.Gelu, x, x, dx, accumulate: true);
            device.Dropout(x, 3, 0.1f, dx, accumulate: false);
        });
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        using var device = new CpuDevice(threads: 1);
        using Tensor a = device.Allocate(new Shape(2, 3)), b = device.Allocate(new Shape(4)), y = device.Allocate(new Shape(2, 3));
        Assert.Contains("[4]", Assert.Throws<ShapeMismatchException>(() => device.Add(a, b, y)).Message);
        Assert.Throws<ShapeMismatchException>(() => device.Scale(a, 1, b, accumulate: false));
        Assert.Throws<ShapeMismatchException>(() => device.AddBias(a, b));
        Assert.Throws<ShapeMismatchException>(() => device.SumRows(a, b, accumulate: false));
        Assert.Throws<ShapeMismatchException>(() => device.Activate(ActivationKind.Silu, a, b));
        Assert.Throws<ShapeMismatchException>(() => device.ActivateBackward(ActivationKind.Silu, a, b, a, accumulate: false));
        Assert.Throws<ShapeMismatchException>(() => device.Gated(ActivationKind.Silu, a, y));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Activate((ActivationKind)99, a, y));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.Dropout(a, 1, 1, y, accumulate: false));
    }
}
