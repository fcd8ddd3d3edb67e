using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;
using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class ActivateOperationTests
{
    [Theory]
    [InlineData(ActivationKind.Silu)]
    [InlineData(ActivationKind.Gelu)]
    [InlineData(ActivationKind.GeluTanh)]
    [GradientCheckOf(typeof(ActivateOperation))]
    public void Gradient_equals_central_differences(ActivationKind kind) =>
        GradientAssert.Holds((tape, x) => tape.Activate(kind, x[0]), shapes: new Shape(4, 9));

    [Fact]
    public void Relu_has_its_gradient_away_from_the_kink() =>
        GradientAssert.Holds((tape, x) => tape.Activate(ActivationKind.Relu, x[0]), step: 1e-3f, shapes: new Shape(4, 9));

    [Fact]
    public void Input_used_twice_gets_both_gradients() =>
        GradientAssert.Holds((tape, x) => tape.Add(x[0], tape.Activate(ActivationKind.Silu, x[0])), shapes: new Shape(3, 6));
}
