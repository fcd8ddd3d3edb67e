namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>y = a + b; both take dy as it is.</summary>
internal sealed class AddOperation : Operation
{
    private readonly Variable _a;
    private readonly Variable _b;
    private readonly Variable _y;

    private AddOperation(Variable a, Variable b, Variable y)
    {
        _a = a;
        _b = b;
        _y = y;
    }

    internal override Variable Output => _y;

    internal static Variable Apply(Tape tape, Variable a, Variable b)
    {
        var y = tape.Result(tape.Device.Allocate(a.Value.Shape), a.RequiresGradient || b.RequiresGradient);
        tape.Device.Add(a.Value, b.Value, y.Value);
        tape.Record(new AddOperation(a, b, y));
        return y;
    }

    internal override void Backward(Tape tape)
    {
        if (_y.Gradient is not { } dy)
        {
            return;
        }

        // b copies first, for passing to a may move dy away.
        if (_b.RequiresGradient)
        {
            tape.AddToGradient(_b, dy);
        }

        tape.PassGradient(_y, _a);
    }
}
