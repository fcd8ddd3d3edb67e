using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Tests.Devices.Cpu;

public sealed class CpuDeviceRopeTests
{
    private const int TablePositions = 50;

    [Theory]
    [InlineData(1, 1, 1, 3)]
    [InlineData(7, 2, 3, 8)]
    [InlineData(33, 3, 8, 16)]
    [InlineData(5, 4, 10, 24)]
    [InlineData(130, 9, 32, 64)]
    [InlineData(3, 2, 65, 131)]
    public void Rotates_pairs_by_the_angle_of_the_position(int rows, int heads, int half, int headSize)
    {
        var layout = new HeadLayout(2, headSize + 1);
        var columns = 2 + (heads * (headSize + 1));
        var random = new RandomStream(3, "rope");
        var values = Enumerable.Range(0, rows * columns).Select(_ => (float)random.NextNormal()).ToArray();
        var positions = Enumerable.Range(0, rows).Select(_ => random.NextInt32(TablePositions)).ToArray();
        foreach (var tier in KernelTiers.Available)
        {
            using var device = new CpuDevice(tier, threads: 2);
            using var x = NewTensor(device, values, columns);
            var (cos, sin) = NewTables(device, half);
            device.Rope(x, layout, heads, cos, sin, positions, inverse: false);
            for (var i = 0; i < values.Length; i++)
            {
                var expected = Rotated(values, i, columns, layout, heads, half, positions, cos, sin);
                Assert.True(Math.Abs(expected - x.AsSpan()[i]) <= 1e-6 * (1 + Math.Abs(expected)), $"{tier}: [{i}] {expected} {x.AsSpan()[i]}");
            }

            device.Rope(x, layout, heads, cos, sin, positions, inverse: true);
            for (var i = 0; i < values.Length; i++)
            {
                Assert.Equal(values[i], x.AsSpan()[i], 2e-6f);
            }

            cos.Dispose();
            sin.Dispose();
        }
    }

    [Theory]
    [InlineData(TablePositions)]
    [InlineData(-1)]
    public void A_position_beyond_the_table_is_refused(int position)
    {
        using var device = new CpuDevice(threads: 1);
        using var x = device.AllocateZeroed(new Shape(2, 4));
        var (cos, sin) = NewTables(device, 2);
        var error = Assert.Throws<ArgumentOutOfRangeException>(
            () => device.Rope(x, new HeadLayout(0, 4), 1, cos, sin, new[] { 0, position }, inverse: false));
        Assert.Contains("row 1", error.Message, StringComparison.Ordinal);
        Assert.Contains("ends at 49", error.Message, StringComparison.Ordinal);
        cos.Dispose();
        sin.Dispose();
    }

    [Fact]
    public void Operands_that_do_not_fit_are_refused()
    {
        using var device = new CpuDevice(threads: 1);
        using var x = device.AllocateZeroed(new Shape(2, 8));
        var (cos, sin) = NewTables(device, 2);
        Assert.Throws<ShapeMismatchException>(() => device.Rope(x, new HeadLayout(0, 4), 3, cos, sin, new int[2], inverse: false));
        Assert.Throws<ShapeMismatchException>(() => device.Rope(x, new HeadLayout(0, 4), 2, cos, sin, new int[3], inverse: false));
        Assert.Throws<ShapeMismatchException>(() => device.Rope(x, new HeadLayout(0, 4), 2, cos, x, new int[2], inverse: false));
        cos.Dispose();
        sin.Dispose();
    }

    private static double Rotated(
        float[] values, int index, int columns, HeadLayout layout, int heads, int half, int[] positions, Tensor cos, Tensor sin)
    {
        var column = (index % columns) - layout.Offset;
        var element = column % layout.Stride;
        if (column < 0 || column / layout.Stride >= heads || element >= 2 * half)
        {
            return values[index];
        }

        var angle = (positions[index / columns] * half) + (element % half);
        double c = cos.AsSpan()[angle];
        double s = sin.AsSpan()[angle];
        return element < half
            ? (values[index] * c) - (values[index + half] * s)
            : (values[index] * c) + (values[index - half] * s);
    }

    private static (Tensor Cos, Tensor Sin) NewTables(Device device, int half)
    {
        var angles = Enumerable.Range(0, TablePositions * half).Select(i => (i / half) * Math.Pow(10000, -(double)(i % half) / half)).ToArray();
        return (NewTensor(device, [.. angles.Select(angle => (float)Math.Cos(angle))], half),
            NewTensor(device, [.. angles.Select(angle => (float)Math.Sin(angle))], half));
    }

    private static Tensor NewTensor(Device device, float[] values, int columns)
    {
        var tensor = device.Allocate(new Shape(values.Length / columns, columns));
        values.CopyTo(tensor.AsSpan());
        return tensor;
    }
}
