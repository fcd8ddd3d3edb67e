using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>y = f(gate)·up, gate and up the halves of the columns. Keeps its input only.</summary>
internal sealed class GatedOperation : Operation
{
    private readonly ActivationKind _kind;
    private readonly Variable _gateUp;
    private readonly Variable _y;

    private GatedOperation(ActivationKind kind, Variable gateUp, Variable y)
    {
        _kind = kind;
        _gateUp = gateUp;
        _y = y;
    }

    internal override Variable Output => _y;

    internal override bool IsCheap => true;

    internal static Variable Apply(Tape tape, ActivationKind kind, Variable gateUp)
    {
        var shape = new Shape(gateUp.Value.Rows, gateUp.Value.Columns / 2);
        var y = tape.Result(tape.Device.Allocate(shape), gateUp.RequiresGradient);
        return tape.Compute(new GatedOperation(kind, gateUp, y), y);
    }

    internal override void Compute(Device device, Tensor value) => device.Gated(_kind, _gateUp.Kept, value);

    internal override void Backward(Tape tape)
    {
        if (_y.Gradient is not { } dy || !_gateUp.RequiresGradient)
        {
            return;
        }

        if (!tape.GradientOverValue(_gateUp, takesRounded: true, out var gateUp, out var gradient))
        {
            tape.Device.GatedBackward(_kind, gateUp, dy, gradient);
            return;
        }

        // The kernel overwrites; a fused projection rarely feeds anything else, so this path only has to be right.
        using var share = tape.Device.Allocate(gateUp.Shape);
        tape.Device.GatedBackward(_kind, gateUp, dy, share);
        tape.Device.Add(share, gradient, gradient);
    }
}
