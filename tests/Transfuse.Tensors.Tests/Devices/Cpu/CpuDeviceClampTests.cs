using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Tests.Devices.Cpu;

public sealed class CpuDeviceClampTests
{
    public static TheoryData<KernelTier, int> Sizes()
    {
        var data = new TheoryData<KernelTier, int>();
        foreach (var tier in KernelTiers.Available)
        {
            foreach (var size in (int[])[1, 7, 16, 33, 70_001])
            {
                data.Add(tier, size);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Clamps_and_lets_the_gradient_through_inside(KernelTier tier, int size)
    {
        using var device = new CpuDevice(tier, threads: 2);
        var random = new RandomStream(3, "clamp");
        using var x = device.Allocate(new Shape(1, size));
        using var dy = device.Allocate(x.Shape);
        using var y = device.Allocate(x.Shape);
        using var dx = device.AllocateZeroed(x.Shape);
        for (var i = 0; i < size; i++)
        {
            x.AsSpan()[i] = i % 11 == 0 ? 0.5f : (float)random.NextNormal();
            dy.AsSpan()[i] = (float)random.NextNormal();
        }

        device.Clamp(x, 0.5f, y);
        device.ClampBackward(x, 0.5f, dy, dx, accumulate: false);
        device.ClampBackward(x, 0.5f, dy, dx, accumulate: true);
        for (var i = 0; i < size; i++)
        {
            Assert.Equal(Math.Clamp(x.AsSpan()[i], -0.5f, 0.5f), y.AsSpan()[i]);
            Assert.Equal(Math.Abs(x.AsSpan()[i]) <= 0.5f ? 2 * dy.AsSpan()[i] : 0, dx.AsSpan()[i]);
        }
    }

    [Fact]
    public void NaN_stays_NaN_and_bad_arguments_are_refused()
    {
        using var device = new CpuDevice(threads: 1);
        using var x = device.Allocate(new Shape(20));
        using var wrong = device.Allocate(new Shape(19));
        x.Fill(float.NaN);
        device.Clamp(x, 1, x);
        Assert.All(x.AsSpan().ToArray(), value => Assert.True(float.IsNaN(value)));
        Assert.Throws<ShapeMismatchException>(() => device.Clamp(x, 1, wrong));
        using var tape = new Tape(device);
        var input = tape.Borrow(x);
        Assert.Throws<ArgumentOutOfRangeException>(() => tape.Clamp(input, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => tape.Clamp(input, float.NaN));
    }
}
