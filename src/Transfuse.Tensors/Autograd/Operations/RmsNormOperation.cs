using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>y = x·r·(w + offset), r = (mean(x²) + ε)^(−1/2) a group of as many columns as w has elements; keeps r.</summary>
internal sealed class RmsNormOperation : Operation
{
    private readonly Variable _x;
    private readonly Variable _weight;
    private readonly float _epsilon;
    private readonly float _weightOffset;
    private readonly Tensor _inverseRms;
    private readonly Variable _y;

    private RmsNormOperation(Variable x, Variable weight, float epsilon, float weightOffset, Tensor inverseRms, Variable y)
    {
        _x = x;
        _weight = weight;
        _epsilon = epsilon;
        _weightOffset = weightOffset;
        _inverseRms = inverseRms;
        _y = y;
    }

    internal override Variable Output => _y;

    internal override bool IsCheap => true;

    internal static Variable Apply(Tape tape, Variable x, Variable weight, float epsilon, float weightOffset)
    {
        var y = tape.Result(tape.Device.Allocate(x.Value.Shape), x.RequiresGradient || weight.RequiresGradient);
        using var groups = GroupsOf(x.Value, weight.Value);
        var inverseRms = tape.Device.Allocate(new Shape((groups ?? x.Value).Rows));
        return tape.Compute(new RmsNormOperation(x, weight, epsilon, weightOffset, inverseRms, y), y);
    }

    internal override void Compute(Device device, Tensor value)
    {
        using var groups = GroupsOf(_x.Value, _weight.Value);
        device.RmsNorm(groups ?? _x.Value, _weight.Value, _weightOffset, _epsilon, value, _inverseRms);
    }

    internal override void Backward(Tape tape)
    {
        if (_y.Gradient is not { } dy || !(_x.RequiresGradient || _weight.RequiresGradient))
        {
            return;
        }

        Tensor? dWeight = null;
        if (_weight.RequiresGradient && !tape.GradientOf(_weight, out dWeight))
        {
            dWeight.Fill(0);
        }

        // Without a gradient to make for x, dy serves as the place to write one: nothing reads it afterwards.
        var dx = dy;
        var accumulate = _x.RequiresGradient && tape.GradientOf(_x, out dx);
        using var groups = GroupsOf(_x.Value, _weight.Value);
        tape.Device.RmsNormBackward(groups ?? _x.Value, _weight.Value, _weightOffset, _inverseRms, dy, dx, accumulate, dWeight);
    }

    internal override void ReleaseSaved() => _inverseRms.Dispose();

    /// <summary>Groups of columns as rows of their own, so that the kernels need not know of them; null if there is one group a row.</summary>
    private static Tensor? GroupsOf(Tensor x, Tensor weight)
    {
        var columns = (int)weight.Length;
        return columns > 0 && x.Columns > columns && x.Columns % columns == 0 ? x.Reshape(new Shape(x.Rows * (x.Columns / columns), columns)) : null;
    }
}
