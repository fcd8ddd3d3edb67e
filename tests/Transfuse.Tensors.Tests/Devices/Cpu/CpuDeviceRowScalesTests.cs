using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;

namespace Transfuse.Tensors.Tests.Devices.Cpu;

public sealed class CpuDeviceRowScalesTests
{
    public static TheoryData<KernelTier> Tiers => KernelCase.Tiers;

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Row_products_and_scaled_rows_equal_a_reference_in_double(KernelTier tier)
    {
        foreach (var (rows, columns) in KernelCase.Shapes)
        {
            var (a, b, factors) = (KernelCase.Normal(rows * columns, "a"), KernelCase.Normal(rows * columns, "b"), KernelCase.Normal(rows, "f"));
            using var device = new CpuDevice(tier, threads: 2);
            using var x = device.ToTensor(a, rows, columns);
            using var other = device.ToTensor(b, rows, columns);
            using var scales = device.ToTensor(factors);
            using var products = device.Allocate(new Shape(rows));
            device.RowProducts(x, other, products);
            device.ScaleRows(x, scales, x);
            for (var row = 0; row < rows; row++)
            {
                double sum = 0, size = 0;
                for (var i = row * columns; i < (row + 1) * columns; i++)
                {
                    sum += (double)a[i] * b[i];
                    size += Math.Abs((double)a[i] * b[i]);
                    Assert.Equal(a[i] * factors[row], x.AsSpan()[i]);
                }

                Assert.Equal(sum, products.AsSpan()[row], (2e-6 * size) + 1e-12);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void The_same_bits_for_any_number_of_threads(KernelTier tier) => KernelCase.SameBitsForAnyThreads(tier, device =>
    {
        using var x = device.ToTensor(KernelCase.Normal(300 * 130, "x"), 300, 130);
        using var products = device.Allocate(new Shape(300));
        device.RowProducts(x, x, products);
        device.ScaleRows(x, products, x);
        return x.AsSpan().ToArray();
    });

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        using var device = new CpuDevice(threads: 1);
        using var x = device.AllocateZeroed(new Shape(3, 4));
        using var four = device.AllocateZeroed(new Shape(4));
        Assert.Throws<ShapeMismatchException>(() => device.RowProducts(x, x, four));
        Assert.Throws<ShapeMismatchException>(() => device.RowProducts(x, four, four));
        Assert.Throws<ShapeMismatchException>(() => device.ScaleRows(x, four, x));
        Assert.Throws<ShapeMismatchException>(() => device.ScaleRows(four, four, x));
    }
}
