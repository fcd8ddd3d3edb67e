using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>y = x·Wᵀ + b + residual. dx = dy·W, dW += dyᵀ·x, db += Σ dy, and the residual takes dy as it is.</summary>
internal sealed class LinearOperation : Operation
{
    private readonly Variable _x;
    private readonly Variable _weight;
    private readonly Variable? _bias;
    private readonly Variable? _residual;
    private readonly Variable _y;

    private LinearOperation(Variable x, Variable weight, Variable? bias, Variable? residual, Variable y)
    {
        _x = x;
        _weight = weight;
        _bias = bias;
        _residual = residual;
        _y = y;
    }

    internal override Variable Output => _y;

    internal override bool MayRound => true;

    // Products round it anyway; what else reads it takes float32.
    internal override bool TakesRoundedGradient => _residual is null && _bias is not { RequiresGradient: true };

    internal static Variable Apply(Tape tape, Variable x, Variable weight, Variable? bias, Variable? residual)
    {
        var y = tape.Device.Allocate(new Shape(x.Value.Rows, weight.Value.Rows));
        tape.Device.MatMul(MatMulLayout.NT, x.Value, weight.Value, y, residual?.Value);
        if (bias is not null)
        {
            tape.Device.AddBias(y, bias.Value);
        }

        var wantsGradient = x.RequiresGradient || weight.RequiresGradient
            || bias is { RequiresGradient: true } || residual is { RequiresGradient: true };
        var result = tape.Result(y, wantsGradient);
        tape.Record(new LinearOperation(x, weight, bias, residual, result));
        return result;
    }

    internal override void Backward(Tape tape)
    {
        if (_y.Gradient is not { } dy)
        {
            return;
        }

        if (_weight.RequiresGradient)
        {
            var accumulate = tape.GradientOf(_weight, out var dWeight);
            tape.Device.MatMul(MatMulLayout.TN, dy, _x.Kept, dWeight, accumulate ? dWeight : null);
        }

        // Often the gradient then takes the room of the value.
        tape.DropValueIfDone(_x);
        if (_x.RequiresGradient)
        {
            var accumulate = tape.GradientOf(_x, out var dx);
            tape.Device.MatMul(MatMulLayout.NN, dy, _weight.Value, dx, accumulate ? dx : null);
        }

        if (_bias is { RequiresGradient: true })
        {
            var accumulate = tape.GradientOf(_bias, out var dBias);
            tape.Device.SumRows(dy, dBias, accumulate);
        }

        if (_residual is not null)
        {
            tape.PassGradient(_y, _residual);
        }
    }
}
