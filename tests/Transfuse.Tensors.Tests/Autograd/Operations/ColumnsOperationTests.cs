using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;
using Transfuse.Tensors.Devices.Cpu;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class ColumnsOperationTests
{
    [Theory]
    [GradientCheckOf(typeof(ColumnsOperation))]
    [InlineData(0, 3)]
    [InlineData(2, 5)]
    [InlineData(0, 7)]
    public void Gradient_equals_central_differences(int first, int count) =>
        GradientAssert.Holds((tape, x) => tape.Add(tape.Columns(x[0], first, count), tape.Columns(x[0], 7 - count, count)), shapes: new Shape(4, 7));

    [Fact]
    public void Takes_the_columns_as_they_are()
    {
        using var device = new CpuDevice(threads: 1);
        using var tape = new Tape(device, recordGradients: false);
        var x = tape.Input(device.Allocate(new Shape(2, 4)));
        ((float[])[1, 2, 3, 4, 5, 6, 7, 8]).CopyTo(x.Value.AsSpan());
        Assert.Equal([2, 3, 6, 7], tape.Columns(x, 1, 2).Value.AsSpan().ToArray());
    }

    [Theory]
    [InlineData(-1, 2)]
    [InlineData(3, 2)]
    [InlineData(0, -1)]
    public void Columns_that_are_not_there_are_refused(int first, int count) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientAssert.Holds((tape, x) => tape.Columns(x[0], first, count), shapes: new Shape(1, 4)));
}
