using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class LayerNormOperationTests
{
    [Fact]
    [GradientCheckOf(typeof(LayerNormOperation))]
    public void Gradient_equals_central_differences() =>
        GradientAssert.Holds((tape, x) => tape.LayerNorm(x[0], x[1], x[2], 1e-5f), shapes: [new Shape(5, 9), new Shape(9), new Shape(9)]);

    [Fact]
    public void Gradient_without_bias_equals_central_differences() =>
        GradientAssert.Holds((tape, x) => tape.LayerNorm(x[0], x[1], null, 1e-5f), shapes: [new Shape(4, 18), new Shape(18)]);

    [Fact]
    public void Constant_input_leaves_the_weights_gradient_right() =>
        GradientAssert.Holds((tape, x) => tape.LayerNorm(tape.Input(Constant(tape)), x[0], x[1], 1e-5f), shapes: [new Shape(6), new Shape(6)]);

    private static Tensor Constant(Tape tape) => tape.Device.ToTensor(KernelCase.Normal(18, "constant"), 3, 6);
}
