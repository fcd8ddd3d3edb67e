using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>y = factor·x; dx = factor·dy.</summary>
internal sealed class ScaleOperation : Operation
{
    private readonly Variable _x;
    private readonly float _factor;
    private readonly Variable _y;

    private ScaleOperation(Variable x, float factor, Variable y)
    {
        _x = x;
        _factor = factor;
        _y = y;
    }

    internal override Variable Output => _y;

    internal override bool IsCheap => true;

    internal static Variable Apply(Tape tape, Variable x, float factor)
    {
        var y = tape.Result(tape.Device.Allocate(x.Value.Shape), x.RequiresGradient);
        return tape.Compute(new ScaleOperation(x, factor, y), y);
    }

    internal override void Compute(Device device, Tensor value) => device.Scale(_x.Value, _factor, value, accumulate: false);

    internal override void Backward(Tape tape)
    {
        if (_y.Gradient is not { } dy || !_x.RequiresGradient)
        {
            return;
        }

        var accumulate = tape.GradientOf(_x, out var dx);
        tape.Device.Scale(dy, _factor, dx, accumulate);
    }
}
