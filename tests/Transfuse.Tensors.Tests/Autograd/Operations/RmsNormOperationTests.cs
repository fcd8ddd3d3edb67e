using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class RmsNormOperationTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [GradientCheckOf(typeof(RmsNormOperation))]
    public void Gradient_equals_central_differences(float offset) =>
        GradientAssert.Holds((tape, x) => tape.RmsNorm(x[0], x[1], 1e-5f, offset), shapes: [new Shape(5, 7), new Shape(7)]);

    [Theory]
    [InlineData(2, 5)]
    [InlineData(3, 16)]
    public void Gradient_of_groups_equals_central_differences(int groups, int columns) =>
        GradientAssert.Holds((tape, x) => tape.RmsNorm(x[0], x[1], 1e-5f, 1), shapes: [new Shape(4, groups * columns), new Shape(columns)]);

    [Fact]
    public void A_group_is_normalised_as_a_row_of_its_own()
    {
        foreach (var tier in KernelTiers.Available)
        {
            using var device = new CpuDevice(tier, threads: 1);
            using var tape = new Tape(device, recordGradients: false);
            var values = KernelCase.Normal(2 * 3 * 19, "groups");
            var weight = tape.Input(device.ToTensor(KernelCase.Normal(19, "weight")));
            var groups = tape.RmsNorm(tape.Input(device.ToTensor(values, 2, 57)), weight, 1e-5f);
            var rows = tape.RmsNorm(tape.Input(device.ToTensor(values, 6, 19)), weight, 1e-5f);
            Assert.Equal(new Shape(2, 57), groups.Value.Shape);
            Assert.Equal(rows.Value.AsSpan().ToArray(), groups.Value.AsSpan().ToArray());
        }
    }

    [Fact]
    public void A_weight_that_does_not_divide_the_columns_is_refused()
    {
        using var device = new CpuDevice(threads: 1);
        using var tape = new Tape(device);
        var x = tape.Input(device.AllocateZeroed(new Shape(2, 10)));
        Assert.Throws<ShapeMismatchException>(() => tape.RmsNorm(x, tape.Input(device.AllocateZeroed(new Shape(4))), 1e-5f));
        Assert.Throws<ShapeMismatchException>(() => tape.RmsNorm(x, tape.Input(device.AllocateZeroed(new Shape(20))), 1e-5f));
    }

    [Fact]
    public void Input_used_twice_gets_both_gradients() =>
        GradientAssert.Holds((tape, x) => tape.Add(x[0], tape.RmsNorm(x[0], x[1], 1e-5f)), shapes: [new Shape(3, 20), new Shape(20)]);

    [Fact]
    public void Constant_input_leaves_the_weights_gradient_right() =>
        GradientAssert.Holds((tape, x) => tape.RmsNorm(tape.Input(Constant(tape)), x[0], 1e-5f), shapes: new Shape(6));

    private static Tensor Constant(Tape tape) => tape.Device.ToTensor(KernelCase.Normal(18, "constant"), 3, 6);
}
