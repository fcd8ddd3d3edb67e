using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class LinearOperationTests
{
    [Fact]
    [GradientCheckOf(typeof(LinearOperation))]
    public void Gradient_equals_central_differences() => GradientAssert.Holds(
        (tape, x) => tape.Linear(x[0], x[1], x[2], x[3]),
        tolerance: 0.02,
        shapes: [new Shape(5, 4), new Shape(6, 4), new Shape(6), new Shape(5, 6)]);

    [Fact]
    public void Input_that_is_also_the_residual_gets_both_gradients() =>
        GradientAssert.Holds((tape, x) => tape.Linear(x[0], x[1], residual: x[0]), tolerance: 0.02, shapes: [new Shape(5, 4), new Shape(4, 4)]);
}
