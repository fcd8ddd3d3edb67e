using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>
/// Head and cross entropy in one (see <see cref="Device.LinearCrossEntropy"/>). Being a loss, it computes gradients while the logits are at hand:
/// the head's is added at once, that of the hidden rows is kept for the backward pass.
/// </summary>
internal sealed class LinearCrossEntropyOperation : Operation
{
    private readonly Variable _hidden;
    private Tensor? _dHidden;

    private LinearCrossEntropyOperation(Variable hidden, Tensor? dHidden)
    {
        _hidden = hidden;
        _dHidden = dHidden;
    }

    internal override Variable? Output => null;

    internal static CrossEntropyLosses Apply(
        Tape tape, Variable hidden, Variable weight, HeadOptions options,
        ReadOnlyMemory<int> labels, ReadOnlyMemory<float> labelWeights, SparseTargets? teacher,
        Memory<float> labelLosses, Memory<float> teacherLosses)
    {
        labelLosses = labelLosses.IsEmpty ? new float[labels.Length] : labelLosses;
        teacherLosses = teacher is not null && teacherLosses.IsEmpty ? new float[labels.Length] : teacherLosses;
        var operation = new LinearCrossEntropyOperation(
            hidden, tape.RecordsGradients && hidden.RequiresGradient ? tape.Device.Allocate(hidden.Value.Shape) : null);
        tape.Record(operation);
        tape.Device.LinearCrossEntropy(
            hidden.Value, weight.Value, options, labels, labelWeights, teacher, labelLosses, teacherLosses,
            operation._dHidden, WeightGradient(tape, weight));
        return new CrossEntropyLosses(labelLosses, teacherLosses);
    }

    internal override void Backward(Tape tape)
    {
        if (_dHidden is null)
        {
            return;
        }

        if (_hidden.Gradient is null && _hidden is not Parameter)
        {
            _hidden.Gradient = _dHidden;
            _dHidden = null;
            return;
        }

        tape.AddToGradient(_hidden, _dHidden);
    }

    internal override void ReleaseSaved()
    {
        _dHidden?.Dispose();
        _dHidden = null;
    }

    private static Tensor? WeightGradient(Tape tape, Variable weight)
    {
        if (!tape.RecordsGradients || !weight.RequiresGradient)
        {
            return null;
        }

        if (!tape.GradientOf(weight, out var gradient))
        {
            gradient.Fill(0);
        }

        return gradient;
    }
}
