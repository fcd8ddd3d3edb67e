using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class AdaptWeightOperationTests
{
    [Fact]
    [GradientCheckOf(typeof(AdaptWeightOperation))]
    public void Gradient_of_two_updates_equals_central_differences() => GradientAssert.Holds(
        (tape, x) => tape.AdaptWeight(x[0], [new LowRankUpdate(1, x[1], x[2], 1.5f), new LowRankUpdate(5, x[3], x[4], 0.5f)]),
        shapes: [new Shape(9, 6), new Shape(4, 2), new Shape(2, 6), new Shape(3, 1), new Shape(1, 6)]);

    [Fact]
    public void With_a_magnitude_rows_have_that_length_and_the_gradient_takes_the_length_as_constant()
    {
        using var device = new CpuDevice(threads: 1);
        using var tape = new Tape(device);
        var weight = tape.Input(device.ToTensor(KernelCase.Normal(20, "w"), 4, 5), requiresGradient: true);
        var up = tape.Input(device.ToTensor(KernelCase.Normal(6, "b"), 3, 2), requiresGradient: true);
        var down = tape.Input(device.ToTensor(KernelCase.Normal(10, "a"), 2, 5), requiresGradient: true);
        var magnitude = tape.Input(device.ToTensor([2, 3, 0.5f]), requiresGradient: true);
        var y = tape.AdaptWeight(weight, [new LowRankUpdate(1, up, down, 2, magnitude)]).Value.AsSpan().ToArray();

        double[,] v = new double[3, 5];
        var length = new double[3];
        for (var i = 0; i < 3; i++)
        {
            for (var j = 0; j < 5; j++)
            {
                v[i, j] = weight.Value.Row(i + 1)[j] + (2.0 * ((up.Value.Row(i)[0] * down.Value.Row(0)[j]) + (up.Value.Row(i)[1] * down.Value.Row(1)[j])));
                length[i] += v[i, j] * v[i, j];
            }

            length[i] = Math.Sqrt(length[i]);
            for (var j = 0; j < 5; j++)
            {
                Assert.Equal(magnitude.Value.AsSpan()[i] / length[i] * v[i, j], y[((i + 1) * 5) + j], 1e-5);
            }
        }

        Assert.Equal(weight.Value.Row(0).ToArray(), y[..5]);
    }

    [Fact]
    public void The_gradients_with_a_magnitude()
    {
        using var device = new CpuDevice(threads: 1);
        using var tape = new Tape(device);
        var weight = tape.Input(device.ToTensor([3, 4], 1, 2), requiresGradient: true);
        var up = tape.Input(device.ToTensor([0], 1, 1), requiresGradient: true);
        var down = tape.Input(device.ToTensor([1, 2], 1, 2), requiresGradient: true);
        var magnitude = tape.Input(device.ToTensor([10]), requiresGradient: true);
        var y = tape.AdaptWeight(weight, [new LowRankUpdate(0, up, down, 3, magnitude)]);
        using var seed = device.ToTensor([1, 0.5f], 1, 2);
        tape.Seed(y, seed);
        tape.Backward();

        // V = W has length 5: dV = 10/5·dy, dm = ⟨dy, V⟩/5, dB = 3·dV·Aᵀ, dA = 3·Bᵀ·dV.
        Assert.Equal([2f, 1f], weight.Gradient!.AsSpan().ToArray());
        Assert.Equal([1f], magnitude.Gradient!.AsSpan().ToArray());
        Assert.Equal([12f], up.Gradient!.AsSpan().ToArray());
        Assert.Equal([0f, 0f], down.Gradient!.AsSpan().ToArray());
    }

    [Fact]
    public void Updates_that_do_not_fit_are_refused()
    {
        using var device = new CpuDevice(threads: 1);
        using var tape = new Tape(device);
        Variable Zeros(params int[] shape) => tape.Input(device.AllocateZeroed(Shape.FromDimensions(shape)));
        var weight = Zeros(4, 3);
        Assert.Throws<ShapeMismatchException>(() => tape.AdaptWeight(weight, [new LowRankUpdate(2, Zeros(3, 1), Zeros(1, 3), 1)]));
        Assert.Throws<ShapeMismatchException>(() => tape.AdaptWeight(weight, [new LowRankUpdate(0, Zeros(3, 1), Zeros(1, 4), 1)]));
        Assert.Throws<ShapeMismatchException>(() => tape.AdaptWeight(weight, [new LowRankUpdate(0, Zeros(3, 1), Zeros(2, 3), 1)]));
        Assert.Throws<ShapeMismatchException>(() => tape.AdaptWeight(weight, [new LowRankUpdate(0, Zeros(3, 1), Zeros(1, 3), 1, Zeros(4))]));
    }
}
