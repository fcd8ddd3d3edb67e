using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;
using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class AddOperationTests
{
    [Fact]
    [GradientCheckOf(typeof(AddOperation))]
    public void Gradient_equals_central_differences() =>
        GradientAssert.Holds((tape, x) => tape.Activate(ActivationKind.Silu, tape.Add(x[0], x[1])), shapes: [new Shape(3, 5), new Shape(3, 5)]);

    [Fact]
    public void A_variable_added_to_itself_gets_both_gradients() =>
        GradientAssert.Holds((tape, x) => tape.Add(x[0], x[0]), shapes: new Shape(3, 5));

    [Fact]
    public void A_constant_takes_none() =>
        GradientAssert.Holds((tape, x) => tape.Add(tape.Input(tape.Device.AllocateZeroed(new Shape(5))), x[0]), shapes: new Shape(5));
}
