using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;

namespace Transfuse.Tensors.Tests.Devices.Cpu;

public sealed class CpuDeviceMatMulTests
{
    // Around every vector width, tile and block size.
    private static readonly int[] AwkwardSizes = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 47, 48, 49, 63, 65, 97, 129, 200, 300];

    public enum Addend
    {
        None,
        Destination,
        Other,
    }

    public static TheoryData<KernelTier, ProductPrecision, MatMulLayout> TiersAndLayouts
    {
        get
        {
            var data = new TheoryData<KernelTier, ProductPrecision, MatMulLayout>();
            foreach (var (tier, precision) in KernelCase.Products)
            {
                foreach (var layout in Enum.GetValues<MatMulLayout>())
                {
                    data.Add(tier, precision, layout);
                }
            }

            return data;
        }
    }

    public static TheoryData<KernelTier, ProductPrecision> Tiers => KernelCase.Kernels;

    [Theory]
    [MemberData(nameof(TiersAndLayouts))]
    public void Equals_the_reference_over_awkward_sizes(KernelTier tier, ProductPrecision precision, MatMulLayout layout)
    {
        using var device = new CpuDevice(tier, threads: 2, precision: precision);
        var random = new RandomStream(1, $"{tier} {layout}");
        for (var i = 0; i < 160; i++)
        {
            // Every size appears in every role; the other two are drawn.
            var size = AwkwardSizes[i % AwkwardSizes.Length];
            var (x, y) = (Draw(random), Draw(random));
            var (m, n, k) = (i / AwkwardSizes.Length % 3) switch { 0 => (size, x, y), 1 => (x, size, y), _ => (x, y, size) };
            Check(device, layout, m, n, k, (Addend)(i % 3), random);
        }
    }

    [Theory]
    [MemberData(nameof(TiersAndLayouts))]
    public void Equals_the_reference_where_every_blocking_loop_turns(KernelTier tier, ProductPrecision precision, MatMulLayout layout)
    {
        using var device = new CpuDevice(tier, threads: 2, precision: precision);
        var random = new RandomStream(2, "large");
        Check(device, layout, 37, 29, 5003, Addend.Other, random); // several slabs of depth
        Check(device, layout, 1100, 19, 70, Addend.Destination, random); // long columns
        Check(device, layout, 19, 1100, 70, Addend.Destination, random); // long rows
        Check(device, layout, 2, 1001, 333, Addend.Other, random); // few rows
        Check(device, layout, 8, 515, 77, Addend.None, random);
    }

    [Fact]
    public void Equals_the_reference_where_the_shared_operand_takes_several_slabs()
    {
        using var device = new CpuDevice(threads: 2);
        Check(device, MatMulLayout.NN, 2200, 2150, 1100, Addend.Other, new RandomStream(3, "slabs"), rowsToCheck: 40);
        Check(device, MatMulLayout.TN, 2150, 2200, 1100, Addend.Destination, new RandomStream(3, "slabs"), rowsToCheck: 40);
    }

    [Theory]
    [InlineData(0, 3, 4)]
    [InlineData(3, 0, 4)]
    [InlineData(0, 0, 0)]
    [InlineData(3, 4, 0)]
    [InlineData(1, 1, 0)]
    public void Empty_dimensions_give_empty_or_zero_or_the_addend(int m, int n, int k)
    {
        using var device = new CpuDevice(threads: 2);
        var random = new RandomStream(4, "empty");
        foreach (var layout in Enum.GetValues<MatMulLayout>())
        {
            foreach (var addend in Enum.GetValues<Addend>())
            {
                Check(device, layout, m, n, k, addend, random);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Same_bits_for_any_number_of_threads(KernelTier tier, ProductPrecision precision)
    {
        (int M, int N, int K)[] shapes = [(129, 300, 1500), (300, 129, 97), (5, 700, 200), (512, 65, 2100), (64, 64, 64)];
        foreach (var layout in Enum.GetValues<MatMulLayout>())
        {
            foreach (var (m, n, k) in shapes)
            {
                var one = Product(tier, precision, 1, layout, m, n, k);
                Assert.Equal(one, Product(tier, precision, 2, layout, m, n, k));
                Assert.Equal(one, Product(tier, precision, 4, layout, m, n, k));
            }
        }
    }

    [Theory]
    [MemberData(nameof(TiersAndLayouts))]
    public void Allocates_nothing_once_warm(KernelTier tier, ProductPrecision precision, MatMulLayout layout)
    {
        using var device = new CpuDevice(tier, threads: 2, precision: precision);
        foreach (var m in (int[])[4, 150])
        {
            using var a = Random(device, ShapeOfA(layout, m, 64), new RandomStream(5, "a"));
            using var b = Random(device, ShapeOfB(layout, 200, 64), new RandomStream(5, "b"));
            using var c = device.AllocateZeroed(new Shape(m, 200));
            for (var i = 0; i < 3; i++)
            {
                device.MatMul(layout, a, b, c, c);
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 20; i++)
            {
                device.MatMul(layout, a, b, c, c);
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void Gives_its_scratch_memory_back()
    {
        using var device = new CpuDevice(threads: 2);
        using var a = device.AllocateZeroed(new Shape(100, 100));
        using var c = device.AllocateZeroed(new Shape(100, 100));
        var used = device.Memory.UsedBytes;
        device.MatMul(MatMulLayout.NN, a, a, c);
        Assert.Equal(used, device.Memory.UsedBytes);
    }

    [Fact]
    public void Not_a_number_stays_in_its_row_and_column()
    {
        using var device = new CpuDevice(threads: 1);
        using var a = device.AllocateZeroed(new Shape(20, 30));
        using var b = device.AllocateZeroed(new Shape(40, 30));
        using var c = device.Allocate(new Shape(20, 40));
        a.Row(19)[3] = float.NaN;
        device.MatMul(MatMulLayout.NT, a, b, c);
        Assert.All(c.Row(18).ToArray(), value => Assert.Equal(0, value));
        Assert.All(c.Row(19).ToArray(), value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void Operands_round_to_the_nearest_even_bfloat16()
    {
        if (KernelTiers.Best != KernelTier.Vector512BFloat16)
        {
            return;
        }

        using var device = new CpuDevice(KernelTier.Vector512BFloat16, threads: 2, precision: ProductPrecision.BFloat16);
        Assert.Null(device.PrecisionNote);
        Assert.Equal(ProductPrecision.BFloat16, device.Precision);
        float[] values = [1f, 1.00390625f, 1.01171875f, 1.0039063f, -3.3333333f, 1e-30f, 3.4e38f, float.NaN, float.PositiveInfinity, 0.1f, 7e5f];
        foreach (var layout in Enum.GetValues<MatMulLayout>())
        {
            // One column at a time from a unit matrix: the product is the rounded operand itself.
            foreach (var value in values)
            {
                using var a = device.AllocateZeroed(ShapeOfA(layout, 17, 1));
                using var b = device.AllocateZeroed(ShapeOfB(layout, 19, 1));
                using var c = device.Allocate(new Shape(17, 19));
                a.Fill(value);
                b.Fill(1);
                device.MatMul(layout, a, b, c);
                var expected = BFloat16.FromSingle(value).ToSingle();
                Assert.All(c.AsSpan().ToArray(), element => Assert.Equal(expected, element));
            }
        }
    }

    [Fact]
    public void A_tier_without_bfloat16_says_so_and_computes_in_float32()
    {
        using var device = new CpuDevice(KernelTier.Scalar, threads: 1, precision: ProductPrecision.BFloat16);
        Assert.Equal(ProductPrecision.Float32, device.Precision);
        Assert.Contains("scalar", device.PrecisionNote, StringComparison.Ordinal);
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_named()
    {
        using var device = new CpuDevice(threads: 1);
        using var a = device.AllocateZeroed(new Shape(3, 4));
        using var b = device.AllocateZeroed(new Shape(5, 4));
        using var c = device.AllocateZeroed(new Shape(3, 5));
        var inner = Assert.Throws<ShapeMismatchException>(() => device.MatMul(MatMulLayout.NN, a, b, c));
        Assert.Contains("[3, 4] and [5, 4] as NN", inner.Message, StringComparison.Ordinal);
        Assert.Throws<ShapeMismatchException>(() => device.MatMul(MatMulLayout.NT, b, a, c));
        Assert.Throws<ShapeMismatchException>(() => device.MatMul(MatMulLayout.NT, a, b, c, a));
    }

    private static int Draw(RandomStream random) => AwkwardSizes[random.NextInt32(AwkwardSizes.Length)];

    private static Shape ShapeOfA(MatMulLayout layout, int m, int k) => layout == MatMulLayout.TN ? new Shape(k, m) : new Shape(m, k);

    private static Shape ShapeOfB(MatMulLayout layout, int n, int k) => layout == MatMulLayout.NT ? new Shape(n, k) : new Shape(k, n);

    private static Tensor Random(CpuDevice device, Shape shape, RandomStream random)
    {
        var tensor = device.Allocate(shape);
        foreach (ref var value in tensor.AsSpan())
        {
            value = (random.NextSingle() * 2) - 1;
            if (device.Precision == ProductPrecision.BFloat16)
            {
                // Numbers that packing leaves as they are: their products are exact, and what is compared is the sums.
                value = BFloat16.FromSingle(value).ToSingle();
            }
        }

        return tensor;
    }

    private static float[] Product(KernelTier tier, ProductPrecision precision, int threads, MatMulLayout layout, int m, int n, int k)
    {
        using var device = new CpuDevice(tier, threads, precision: precision);
        var random = new RandomStream(6, "product");
        using var a = Random(device, ShapeOfA(layout, m, k), random);
        using var b = Random(device, ShapeOfB(layout, n, k), random);
        using var c = Random(device, new Shape(m, n), random);
        device.MatMul(layout, a, b, c, c);
        return c.AsSpan().ToArray();
    }

    private static void Check(
        CpuDevice device, MatMulLayout layout, int m, int n, int k, Addend kind, RandomStream random, int rowsToCheck = int.MaxValue)
    {
        using var a = Random(device, ShapeOfA(layout, m, k), random);
        using var b = Random(device, ShapeOfB(layout, n, k), random);
        using var other = Random(device, new Shape(m, n), random);
        using var guarded = device.Allocate(new Shape((m * n) + 64));
        guarded.Fill(float.NaN);
        using var rows = guarded.Reshape(new Shape((m * n) + 64, 1));
        using var slice = rows.SliceRows(0, m * n);
        using var destination = slice.Reshape(new Shape(m, n));
        if (kind == Addend.Destination)
        {
            destination.CopyFrom(other);
        }

        device.MatMul(layout, a, b, destination, kind switch { Addend.None => null, Addend.Destination => destination, _ => other });

        var step = Math.Max(1, m / rowsToCheck);
        var expected = new double[n];
        for (var row = 0; row < m; row += step)
        {
            for (var column = 0; column < n; column++)
            {
                expected[column] = Element(layout, a, b, row, column, k) + (kind == Addend.None ? 0 : other.AsSpan()[(row * n) + column]);
            }

            // Rounding of a sum of k products of numbers below 1: partial sums grow like √k, and so does the number of independent roundings.
            TensorAssert.Close(
                expected, destination.AsSpan().Slice(row * n, n), 1e-6 + (5e-8 * k), 1e-6, $"{layout} {m}x{n}x{k} {kind} row {row}");
        }

        Assert.All(guarded.AsSpan()[(m * n)..].ToArray(), value => Assert.True(float.IsNaN(value), "wrote past the end"));
    }

    private static double Element(MatMulLayout layout, Tensor a, Tensor b, int row, int column, int k)
    {
        var x = a.AsSpan();
        var y = b.AsSpan();
        var (m, n) = (layout == MatMulLayout.TN ? a.Columns : 0, layout == MatMulLayout.NT ? 0 : b.Columns);
        var sum = 0.0;
        for (var d = 0; d < k; d++)
        {
            var left = layout == MatMulLayout.TN ? x[(d * m) + row] : x[(row * k) + d];
            var right = layout == MatMulLayout.NT ? y[(column * k) + d] : y[(d * n) + column];
            sum += (double)left * right;
        }

        return sum;
    }
}
