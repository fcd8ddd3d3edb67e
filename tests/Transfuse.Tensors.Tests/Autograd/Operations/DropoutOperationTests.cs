using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class DropoutOperationTests
{
    [Fact]
    [GradientCheckOf(typeof(DropoutOperation))]
    public void Gradient_equals_central_differences() =>
        GradientAssert.Holds((tape, x) => tape.Dropout(x[0], 0.4f, new RandomStream(7, "dropout")), shapes: new Shape(6, 7));

    [Fact]
    public void Masks_follow_from_the_stream()
    {
        using var device = new CpuDevice(threads: 1);
        using var tape = new Tape(device);
        var x = tape.Input(device.ToTensor(Enumerable.Repeat(1f, 1000).ToArray()));
        var random = new RandomStream(7, "dropout");
        var first = tape.Dropout(x, 0.5f, random).Value.AsSpan().ToArray();
        var second = tape.Dropout(x, 0.5f, random).Value.AsSpan().ToArray();
        Assert.Equal(2ul, random.Counter);
        Assert.NotEqual(first, second);
        Assert.Equal(second, tape.Dropout(x, 0.5f, new RandomStream(7, "dropout", counter: 1)).Value.AsSpan().ToArray());
    }

    [Fact]
    public void Scoring_and_rate_zero_give_the_input_back_and_draw_nothing()
    {
        using var device = new CpuDevice(threads: 1);
        using Tape scoring = new(device, recordGradients: false), training = new(device);
        var random = new RandomStream(7, "dropout");
        Variable a = scoring.Input(device.AllocateZeroed(new Shape(3))), b = training.Input(device.AllocateZeroed(new Shape(3)));
        Assert.Same(a, scoring.Dropout(a, 0.5f, random));
        Assert.Same(b, training.Dropout(b, 0, random));
        Assert.Equal(0ul, random.Counter);
        Assert.Throws<ArgumentOutOfRangeException>(() => training.Dropout(b, 1, random));
        Assert.Throws<ArgumentOutOfRangeException>(() => training.Dropout(b, -0.1f, random));
    }
}
