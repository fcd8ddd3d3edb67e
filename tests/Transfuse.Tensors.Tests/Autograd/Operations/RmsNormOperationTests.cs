using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class RmsNormOperationTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [GradientCheckOf(typeof(RmsNormOperation))]
    public void Gradient_equals_central_differences(float offset) =>
        GradientAssert.Holds((tape, x) => tape.RmsNorm(x[0], x[1], 1e-5f, offset), shapes: [new Shape(5, 7), new Shape(7)]);

    [Fact]
    public void Input_used_twice_gets_both_gradients() =>
        GradientAssert.Holds((tape, x) => tape.Add(x[0], tape.RmsNorm(x[0], x[1], 1e-5f)), shapes: [new Shape(3, 20), new Shape(20)]);

    [Fact]
    public void Constant_input_leaves_the_weights_gradient_right() =>
        GradientAssert.Holds((tape, x) => tape.RmsNorm(tape.Input(Constant(tape)), x[0], 1e-5f), shapes: new Shape(6));

    private static Tensor Constant(Tape tape) => tape.Device.ToTensor(KernelCase.Normal(18, "constant"), 3, 6);
}
