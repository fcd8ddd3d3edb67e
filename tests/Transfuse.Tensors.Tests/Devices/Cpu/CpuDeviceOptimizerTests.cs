using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tensors.Tests.Devices.Cpu;

public sealed class CpuDeviceOptimizerTests
{
    public static TheoryData<KernelTier> Tiers => KernelCase.Tiers;

    [Theory]
    [MemberData(nameof(Tiers))]
    public void AdamW_equals_the_reference_over_several_steps(KernelTier tier)
    {
        using var device = new CpuDevice(tier, threads: 2);
        foreach (var length in KernelCase.Lengths)
        {
            var p = KernelCase.Normal(length, "p").Select(value => (double)value).ToArray();
            double[] m = new double[length], v = new double[length];
            using Tensor parameter = device.ToTensor(KernelCase.Normal(length, "p"));
            using Tensor first = device.AllocateZeroed(parameter.Shape), second = device.AllocateZeroed(parameter.Shape);
            for (var step = 1; step <= 5; step++)
            {
                var g = KernelCase.Normal(length, $"g{step}");
                using var gradient = device.ToTensor(g);
                device.AdamW(parameter, gradient, first, second, new AdamWArguments(0.01f, 0.9f, 0.95f, 1e-8f, 0.1f, step, 0.5f));
                for (var i = 0; i < length; i++)
                {
                    var scaled = 0.5 * g[i];
                    m[i] = (0.9 * m[i]) + (0.1 * scaled);
                    v[i] = (0.95 * v[i]) + (0.05 * scaled * scaled);
                    var mHat = m[i] / (1 - Math.Pow(0.9, step));
                    var vHat = v[i] / (1 - Math.Pow(0.95, step));
                    p[i] = (p[i] * (1 - (0.01 * 0.1))) - (0.01 * mHat / (Math.Sqrt(vHat) + 1e-8));
                }
            }

            TensorAssert.Close(p, parameter.AsSpan(), 1e-6, 1e-6, "parameter");
            TensorAssert.Close(m, first.AsSpan(), 1e-6, 1e-6, "first moment");
            TensorAssert.Close(v, second.AsSpan(), 1e-6, 1e-6, "second moment");
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Sum_of_squares_equals_the_reference(KernelTier tier)
    {
        using var device = new CpuDevice(tier, threads: 2);
        foreach (var length in KernelCase.Lengths.Append(1_000_003))
        {
            var x = KernelCase.Normal(length, "x");
            using var tensor = device.ToTensor(x);
            var expected = x.Sum(value => (double)value * value);
            Assert.Equal(expected, device.SumOfSquares(tensor), 2e-7 * (expected + 1e-30));
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Threads_do_not_change_a_bit(KernelTier tier) => KernelCase.SameBitsForAnyThreads(tier, device =>
    {
        using Tensor p = device.ToTensor(KernelCase.Normal(100_001, "p")), g = device.ToTensor(KernelCase.Normal(100_001, "g"));
        using Tensor m = device.AllocateZeroed(p.Shape), v = device.AllocateZeroed(p.Shape);
        device.AdamW(p, g, m, v, new AdamWArguments(0.01f, 0.9f, 0.95f, 1e-8f, 0.1f, 1, 1));
        var bits = BitConverter.DoubleToInt64Bits(device.SumOfSquares(p));
        return [.. p.AsSpan(), (int)(bits & 0xFFFFFF), (int)((bits >> 24) & 0xFFFFFF), (int)(bits >> 48)];
    });

    [Fact]
    public void Warm_calls_allocate_nothing()
    {
        using var device = new CpuDevice(threads: 2);
        using Tensor p = device.ToTensor(KernelCase.Normal(100_001, "p")), m = device.AllocateZeroed(p.Shape), v = device.AllocateZeroed(p.Shape);
        KernelCase.AllocatesNothing(() =>
        {
            device.AdamW(p, p, m, v, new AdamWArguments(0.01f, 0.9f, 0.95f, 1e-8f, 0.1f, 1, 1));
            _ = device.SumOfSquares(p);
        });
    }

    [Fact]
    public void Shapes_that_do_not_fit_and_steps_below_one_are_refused()
    {
        using var device = new CpuDevice(threads: 1);
        using Tensor p = device.AllocateZeroed(new Shape(3)), other = device.AllocateZeroed(new Shape(4));
        var arguments = new AdamWArguments(0.01f, 0.9f, 0.95f, 1e-8f, 0.1f, 1, 1);
        Assert.Throws<ShapeMismatchException>(() => device.AdamW(p, other, p, p, arguments));
        Assert.Throws<ShapeMismatchException>(() => device.AdamW(p, p, other, p, arguments));
        Assert.Throws<ShapeMismatchException>(() => device.AdamW(p, p, p, other, arguments));
        Assert.Throws<ArgumentOutOfRangeException>(() => device.AdamW(p, p, p, p, arguments with { Step = 0 }));
    }
}
