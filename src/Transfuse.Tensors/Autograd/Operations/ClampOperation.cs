using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>y = min(max(x, −limit), limit). dx = dy where |x| ≤ limit.</summary>
internal sealed class ClampOperation : Operation
{
    private readonly Variable _x;
    private readonly Variable _y;
    private readonly float _limit;

    private ClampOperation(Variable x, Variable y, float limit)
    {
        _x = x;
        _y = y;
        _limit = limit;
    }

    internal override Variable Output => _y;

    internal override bool IsCheap => true;

    internal static Variable Apply(Tape tape, Variable x, float limit)
    {
        var y = tape.Result(tape.Device.Allocate(x.Value.Shape), x.RequiresGradient);
        return tape.Compute(new ClampOperation(x, y, limit), y);
    }

    internal override void Compute(Device device, Tensor value) => device.Clamp(_x.Value, _limit, value);

    internal override void Backward(Tape tape)
    {
        if (_y.Gradient is { } dy && _x.RequiresGradient)
        {
            var accumulate = tape.GradientOverValue(_x, takesRounded: false, out var x, out var dx);
            tape.Device.ClampBackward(x, _limit, dy, dx, accumulate);
        }
    }
}
