using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>y = (x − mean)/√(var + ε)·w + b; keeps mean and 1/σ of each row.</summary>
internal sealed class LayerNormOperation : Operation
{
    private readonly Variable _x;
    private readonly Variable _weight;
    private readonly Variable? _bias;
    private readonly float _epsilon;
    private readonly Tensor _statistics;
    private readonly Variable _y;

    private LayerNormOperation(Variable x, Variable weight, Variable? bias, float epsilon, Tensor statistics, Variable y)
    {
        _x = x;
        _weight = weight;
        _bias = bias;
        _epsilon = epsilon;
        _statistics = statistics;
        _y = y;
    }

    internal override Variable Output => _y;

    internal override bool IsCheap => true;

    internal static Variable Apply(Tape tape, Variable x, Variable weight, Variable? bias, float epsilon)
    {
        var wantsGradient = x.RequiresGradient || weight.RequiresGradient || bias is { RequiresGradient: true };
        var y = tape.Result(tape.Device.Allocate(x.Value.Shape), wantsGradient);
        var statistics = tape.Device.Allocate(new Shape(x.Value.Rows, 2));
        return tape.Compute(new LayerNormOperation(x, weight, bias, epsilon, statistics, y), y);
    }

    internal override void Compute(Device device, Tensor value) =>
        device.LayerNorm(_x.Value, _weight.Value, _bias?.Value, _epsilon, value, _statistics);

    internal override void Backward(Tape tape)
    {
        if (_y.Gradient is not { } dy || !_y.RequiresGradient)
        {
            return;
        }

        var dWeight = ParameterGradient(tape, _weight);
        var dBias = ParameterGradient(tape, _bias);

        // Without a gradient to make for x, dy serves as the place to write one: nothing reads it afterwards.
        var dx = dy;
        var accumulate = _x.RequiresGradient && tape.GradientOf(_x, out dx);
        tape.Device.LayerNormBackward(_x.Value, _weight.Value, _statistics, dy, dx, accumulate, dWeight, dBias);
    }

    internal override void ReleaseSaved() => _statistics.Dispose();

    /// <summary>The gradient to add to, or null if none is wanted.</summary>
    private static Tensor? ParameterGradient(Tape tape, Variable? variable)
    {
        if (variable is not { RequiresGradient: true })
        {
            return null;
        }

        if (!tape.GradientOf(variable, out var gradient))
        {
            gradient.Fill(0);
        }

        return gradient;
    }
}
