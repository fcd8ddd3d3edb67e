using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Optimizers;

namespace Transfuse.Tensors.Tests.Optimizers;

public sealed class GradientClippingTests
{
    [Fact]
    public void Norm_is_over_all_trainable_gradients()
    {
        using var device = new CpuDevice(threads: 1);
        using Parameter a = Parameter(device, "a", [3, 0]), b = Parameter(device, "b", [4]), frozen = Parameter(device, "c", [100]);
        frozen.IsTrainable = false;
        using var without = new Parameter("d", device.ToTensor([1f]));
        Assert.Equal(5, GradientClipping.GlobalNorm(device, [a, b, frozen, without]), 1e-12);
    }

    [Theory]
    [InlineData(5, 1, 0.2f)]
    [InlineData(5, 5, 1)]
    [InlineData(0.5, 1, 1)]
    [InlineData(5, 0, 1)]
    [InlineData(0, 1, 1)]
    public void Scale_brings_the_norm_down_to_the_maximum(double norm, double maximum, float expected) =>
        Assert.Equal(expected, GradientClipping.ScaleFor(norm, maximum));

    [Fact]
    public void Numbers_that_mean_nothing_are_refused()
    {
        Assert.Throws<ArithmeticException>(() => GradientClipping.ScaleFor(double.NaN, 1));
        Assert.Throws<ArithmeticException>(() => GradientClipping.ScaleFor(double.PositiveInfinity, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientClipping.ScaleFor(1, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientClipping.ScaleFor(1, double.NaN));
    }

    private static Parameter Parameter(CpuDevice device, string name, float[] gradient)
    {
        var parameter = new Parameter(name, device.ToTensor(gradient));
        parameter.ZeroGradient(device);
        gradient.CopyTo(parameter.Gradient!.AsSpan());
        return parameter;
    }
}
