using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class EmbedOperationTests
{
    [Fact]
    [GradientCheckOf(typeof(EmbedOperation))]
    public void Gradient_equals_central_differences()
    {
        int[] ids = [3, 0, 3, 1];
        GradientAssert.Holds((tape, x) => tape.Embed(ids, x[0], 1.5f), shapes: new Shape(5, 3));
    }

    [Fact]
    public void Table_used_twice_gets_both_gradients() =>
        GradientAssert.Holds((tape, x) => tape.Add(tape.Embed(new[] { 1, 2 }, x[0]), tape.Embed(new[] { 2, 2 }, x[0], 0.5f)), shapes: new Shape(3, 4));
}
