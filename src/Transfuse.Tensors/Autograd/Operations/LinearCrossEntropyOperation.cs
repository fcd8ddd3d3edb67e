using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>
/// Head and cross entropy in one: logits never leave the device's chunks. The gradients of the hidden states and of the head are computed
/// with the loss; the backward pass only hands the former on.
/// </summary>
internal sealed class LinearCrossEntropyOperation : Operation
{
    private readonly Variable _hidden;
    private Tensor? _dHidden;

    private LinearCrossEntropyOperation(Variable hidden, Tensor dHidden)
    {
        _hidden = hidden;
        _dHidden = dHidden;
    }

    internal override Variable? Output => null;

    internal static CrossEntropyLosses Apply(
        Tape tape, Variable hidden, Variable weight, HeadOptions options,
        ReadOnlyMemory<int> labels, ReadOnlyMemory<float> labelWeights, SparseTargets? teacher)
    {
        var labelLosses = new float[hidden.Value.Rows];
        var teacherLosses = teacher is null ? [] : new float[hidden.Value.Rows];
        var dHidden = tape.RecordsGradients && hidden.RequiresGradient ? tape.Device.Allocate(hidden.Value.Shape) : null;
        Tensor? dWeight = null;
        if (tape.RecordsGradients && weight.RequiresGradient && !tape.GradientOf(weight, out dWeight))
        {
            dWeight.Fill(0);
        }

        tape.Device.LinearCrossEntropy(
            hidden.Value, weight.Value, options, labels, labelWeights, teacher, labelLosses, teacherLosses, dHidden, dWeight);
        if (dHidden is not null)
        {
            tape.Record(new LinearCrossEntropyOperation(hidden, dHidden));
        }

        return new CrossEntropyLosses(labelLosses, teacherLosses);
    }

    internal override void Backward(Tape tape)
    {
        if (_dHidden is { } gradient)
        {
            var accumulate = tape.GradientOf(_hidden, out var dHidden);
            tape.Device.Scale(gradient, 1, dHidden, accumulate);
        }
    }

    internal override void ReleaseSaved()
    {
        _dHidden?.Dispose();
        _dHidden = null;
    }
}
