using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class ScaleOperationTests
{
    [Fact]
    [GradientCheckOf(typeof(ScaleOperation))]
    public void Gradient_equals_central_differences() => GradientAssert.Holds((tape, x) => tape.Scale(x[0], -1.7f), shapes: new Shape(3, 5));

    [Fact]
    public void Input_used_twice_gets_both_gradients() =>
        GradientAssert.Holds((tape, x) => tape.Add(x[0], tape.Scale(x[0], 3)), shapes: new Shape(3, 5));
}
