using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class ClampOperationTests
{
    [Theory]
    [GradientCheckOf(typeof(ClampOperation))]
    [InlineData(1e-6f)]
    [InlineData(100f)]
    public void Gradient_equals_central_differences_away_from_the_kink(float limit) =>
        GradientAssert.Holds((tape, x) => tape.Add(tape.Clamp(x[0], limit), tape.Scale(x[0], 0.5f)), shapes: new Shape(4, 9));

    [Fact]
    public void A_negative_limit_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientAssert.Holds((tape, x) => tape.Clamp(x[0], -1), shapes: new Shape(1, 1)));
}
