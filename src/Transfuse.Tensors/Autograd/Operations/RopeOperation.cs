using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>Rotates heads in place. A rotation's transpose is its inverse, so the gradient is rotated back in place.</summary>
internal sealed class RopeOperation : Operation
{
    private readonly Variable _x;
    private readonly HeadLayout _layout;
    private readonly int _heads;
    private readonly Tensor _cos;
    private readonly Tensor _sin;
    private readonly ReadOnlyMemory<int> _positions;

    private RopeOperation(Variable x, HeadLayout layout, int heads, Tensor cos, Tensor sin, ReadOnlyMemory<int> positions)
    {
        _x = x;
        _layout = layout;
        _heads = heads;
        _cos = cos;
        _sin = sin;
        _positions = positions;
    }

    internal override Variable? Output => null;

    internal override Variable Changed => _x;

    internal static void Apply(Tape tape, Variable x, HeadLayout layout, int heads, Tensor cos, Tensor sin, ReadOnlyMemory<int> positions)
    {
        var operation = new RopeOperation(x, layout, heads, cos, sin, positions);
        operation.Compute(tape.Device, x.Value);
        tape.Record(operation);
    }

    internal override void Compute(Device device, Tensor value) => device.Rope(value, _layout, _heads, _cos, _sin, _positions, inverse: false);

    internal override void Backward(Tape tape)
    {
        if (_x.Gradient is { } gradient)
        {
            tape.Device.Rope(gradient, _layout, _heads, _cos, _sin, _positions, inverse: true);
        }
    }
}
