using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class RopeOperationTests : IDisposable
{
    private readonly CpuDevice _device = new(threads: 1);
    private readonly Tensor _cos;
    private readonly Tensor _sin;

    public RopeOperationTests()
    {
        // Angles 0 and π/2, then arctan(3/4).
        _cos = _device.Allocate(new Shape(3, 1));
        _sin = _device.Allocate(new Shape(3, 1));
        new float[] { 1, 0, 0.8f }.CopyTo(_cos.AsSpan());
        new float[] { 0, 1, 0.6f }.CopyTo(_sin.AsSpan());
    }

    public void Dispose()
    {
        _cos.Dispose();
        _sin.Dispose();
        _device.Dispose();
    }

    [Fact]
    public void The_value_is_rotated_and_the_gradient_rotated_back()
    {
        using var tape = new Tape(_device);
        var x = NewInput(tape, requiresGradient: true);
        tape.RopeInPlace(x, new HeadLayout(1, 2), 1, _cos, _sin, new[] { 2, 1 });
        AssertClose([9, 10 * 0.8f - 20 * 0.6f, 20 * 0.8f + 10 * 0.6f, 9, -4, 3], x.Value);

        tape.GradientOf(x, out var gradient);
        new float[] { 5, 1, 0, 5, 1, 2 }.CopyTo(gradient.AsSpan());
        tape.Backward();

        // The transpose of the rotation: (a, b) → (a·cos + b·sin, b·cos − a·sin).
        AssertClose([5, 0.8f, -0.6f, 5, 2, -1], x.Gradient!);
    }

    [Fact]
    [GradientCheckOf(typeof(RopeOperation))]
    public void Gradient_equals_central_differences() => GradientAssert.Holds(
        (tape, x) =>
        {
            var rotated = tape.Scale(x[0], 1);
            tape.RopeInPlace(rotated, new HeadLayout(1, 2), 2, _cos, _sin, new[] { 2, 0, 1 });
            return rotated;
        },
        shapes: new Shape(3, 6));

    [Fact]
    public void Two_rotations_of_one_variable_are_both_taken_back()
    {
        using var tape = new Tape(_device);
        var x = tape.Input(_device.AllocateZeroed(new Shape(1, 4)), requiresGradient: true);
        tape.RopeInPlace(x, new HeadLayout(0, 2), 1, _cos, _sin, new[] { 1 });
        tape.RopeInPlace(x, new HeadLayout(2, 2), 1, _cos, _sin, new[] { 2 });
        tape.GradientOf(x, out var gradient);
        new float[] { 1, 0, 1, 0 }.CopyTo(gradient.AsSpan());
        tape.Backward();
        AssertClose([0, -1, 0.8f, -0.6f], x.Gradient!);
    }

    [Fact]
    public void Scoring_rotates_the_value_only()
    {
        using var tape = new Tape(_device, recordGradients: false);
        var x = NewInput(tape, requiresGradient: false);
        tape.RopeInPlace(x, new HeadLayout(1, 2), 1, _cos, _sin, new[] { 0, 1 });
        AssertClose([9, 10, 20, 9, -4, 3], x.Value);
    }

    [Fact]
    public void A_parameter_is_not_changed_in_place()
    {
        using var tape = new Tape(_device);
        using var parameter = new Parameter("w", _device.AllocateZeroed(new Shape(1, 2)));
        Assert.Throws<ArgumentException>(() => tape.RopeInPlace(parameter, new HeadLayout(0, 2), 1, _cos, _sin, new[] { 0 }));
    }

    private static void AssertClose(float[] expected, Tensor actual)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual.AsSpan()[i], 1e-6f);
        }
    }

    private Variable NewInput(Tape tape, bool requiresGradient)
    {
        var value = _device.Allocate(new Shape(2, 3));
        new float[] { 9, 10, 20, 9, 3, 4 }.CopyTo(value.AsSpan());
        return tape.Input(value, requiresGradient);
    }
}
