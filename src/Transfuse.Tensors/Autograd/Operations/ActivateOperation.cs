using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>y = f(x); dx = f′(x)·dy.</summary>
internal sealed class ActivateOperation : Operation
{
    private readonly ActivationKind _kind;
    private readonly Variable _x;
    private readonly Variable _y;

    private ActivateOperation(ActivationKind kind, Variable x, Variable y)
    {
        _kind = kind;
        _x = x;
        _y = y;
    }

    internal override Variable Output => _y;

    internal override bool IsCheap => true;

    internal static Variable Apply(Tape tape, ActivationKind kind, Variable x)
    {
        var y = tape.Result(tape.Device.Allocate(x.Value.Shape), x.RequiresGradient);
        return tape.Compute(new ActivateOperation(kind, x, y), y);
    }

    internal override void Compute(Device device, Tensor value) => device.Activate(_kind, _x.Kept, value);

    internal override void Backward(Tape tape)
    {
        if (_y.Gradient is not { } dy || !_x.RequiresGradient)
        {
            return;
        }

        var accumulate = tape.GradientOverValue(_x, takesRounded: true, out var x, out var dx);
        tape.Device.ActivateBackward(_kind, x, dy, dx, accumulate);
    }
}
