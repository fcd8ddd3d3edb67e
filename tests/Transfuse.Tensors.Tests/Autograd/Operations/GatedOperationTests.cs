using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class GatedOperationTests
{
    [Theory]
    [InlineData(ActivationKind.Silu)]
    [InlineData(ActivationKind.Gelu)]
    [InlineData(ActivationKind.GeluTanh)]
    [GradientCheckOf(typeof(GatedOperation))]
    public void Gradient_equals_central_differences(ActivationKind kind) =>
        GradientAssert.Holds((tape, x) => tape.Gated(kind, x[0]), shapes: new Shape(3, 14));

    [Fact]
    public void Input_used_twice_gets_both_gradients() => GradientAssert.Holds(
        (tape, x) => tape.Add(tape.Gated(ActivationKind.Silu, x[0]), tape.Gated(ActivationKind.Gelu, x[0])), shapes: new Shape(3, 6));

    [Fact]
    public void An_odd_number_of_columns_is_refused()
    {
        using var device = new CpuDevice(threads: 1);
        using var tape = new Tape(device);
        var x = tape.Input(device.AllocateZeroed(new Shape(2, 5)));
        Assert.Throws<ShapeMismatchException>(() => tape.Gated(ActivationKind.Silu, x));
    }
}
