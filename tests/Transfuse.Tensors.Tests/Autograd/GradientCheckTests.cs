using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices.Cpu;

namespace Transfuse.Tensors.Tests.Autograd;

public sealed class GradientCheckTests
{
    [Fact]
    public void A_right_gradient_passes_and_the_inputs_stay()
    {
        using var device = new CpuDevice(threads: 1);
        using var x = device.ToTensor([0.5f, -1.25f, 2]);
        var result = GradientCheck.RunLoss(device, [x], (tape, variables) => Cube(tape, variables[0], factor: 3));
        Assert.True(result.Difference < 1e-4, result.ToString());
        Assert.Equal([0.5f, -1.25f, 2], x.AsSpan());
        Assert.Equal(device.Memory.UsedBytes, UsedBy(x, device));
    }

    [Fact]
    public void A_wrong_gradient_is_found_where_it_is()
    {
        using var device = new CpuDevice(threads: 1);
        using Tensor first = device.ToTensor([1f]), x = device.ToTensor([0.5f, -1.25f, 2]);
        var result = GradientCheck.RunLoss(device, [first, x], (tape, variables) => Cube(tape, variables[1], factor: 2));

        // At 2 the derivative of x³ is 12, and 8 was claimed.
        Assert.Equal((1, 2), (result.Input, result.Element));
        Assert.Equal(8, result.Gradient, 1e-5);
        Assert.Equal(12, result.Quotient, 1e-3);
        Assert.Equal(4 / 12.0, result.Difference, 1e-4);
    }

    [Fact]
    public void Not_a_number_does_not_pass()
    {
        using var device = new CpuDevice(threads: 1);
        using var x = device.ToTensor([1f]);
        Assert.Equal(double.NaN, GradientCheck.Run(device, [x], (tape, variables) => tape.Scale(variables[0], float.NaN)).Difference);
    }

    /// <summary>Σ x³ with the gradient factor·x².</summary>
    private static double Cube(Tape tape, Variable x, float factor)
    {
        using var gradient = tape.Device.Allocate(x.Value.Shape);
        var sum = 0.0;
        for (var i = 0; i < x.Value.Length; i++)
        {
            double value = x.Value.AsSpan()[i];
            sum += value * value * value;
            gradient.AsSpan()[i] = factor * (float)(value * value);
        }

        tape.Seed(x, gradient);
        return sum;
    }

    private static long UsedBy(Tensor x, CpuDevice device)
    {
        var before = device.Memory.UsedBytes;
        using var other = device.Allocate(x.Shape);
        return device.Memory.UsedBytes - before;
    }
}
