using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>y = x·mask/(1 − rate); dx = dy·mask/(1 − rate). The mask is a function of one number drawn from the stream, so it is not kept.</summary>
internal sealed class DropoutOperation : Operation
{
    private readonly Variable _x;
    private readonly ulong _key;
    private readonly float _rate;
    private readonly Variable _y;

    private DropoutOperation(Variable x, ulong key, float rate, Variable y)
    {
        _x = x;
        _key = key;
        _rate = rate;
        _y = y;
    }

    internal override Variable Output => _y;

    internal override bool IsCheap => true;

    internal static Variable Apply(Tape tape, Variable x, float rate, RandomStream random)
    {
        tape.NoteStream(random, random.Counter);
        var key = random.NextUInt64();
        var y = tape.Result(tape.Device.Allocate(x.Value.Shape), x.RequiresGradient);
        return tape.Compute(new DropoutOperation(x, key, rate, y), y);
    }

    internal override void Compute(Device device, Tensor value) => device.Dropout(_x.Value, _key, _rate, value, accumulate: false);

    internal override void Backward(Tape tape)
    {
        if (_y.Gradient is not { } dy || !_x.RequiresGradient)
        {
            return;
        }

        var accumulate = tape.GradientOf(_x, out var dx);
        tape.Device.Dropout(dy, _key, _rate, dx, accumulate);
    }
}
