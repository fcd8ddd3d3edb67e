using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>
/// Attention over segments; keeps the output and one log-sum a query and head. The kernel writes gradients without adding, so what a
/// variable already holds, or two of its heads that share columns, is summed through a tensor of its own.
/// </summary>
internal sealed class AttentionOperation : Operation
{
    private readonly AttentionInput _query;
    private readonly AttentionInput _key;
    private readonly AttentionInput _value;
    private readonly Variable? _bias;
    private readonly AttentionOptions _options;
    private readonly ReadOnlyMemory<AttentionSegment> _segments;
    private readonly Variable _output;
    private readonly Tensor _logSumExp;

    private AttentionOperation(
        in AttentionInput query, in AttentionInput key, in AttentionInput value, Variable? bias,
        AttentionOptions options, ReadOnlyMemory<AttentionSegment> segments, Variable output, Tensor logSumExp)
    {
        _query = query;
        _key = key;
        _value = value;
        _bias = bias;
        _options = options;
        _segments = segments;
        _output = output;
        _logSumExp = logSumExp;
    }

    internal override Variable Output => _output;

    internal override bool ReadsOutput => true;

    internal override bool MayRound => true;

    internal static Variable Apply(
        Tape tape, in AttentionInput query, in AttentionInput key, in AttentionInput value, Variable? bias,
        AttentionOptions options, ReadOnlyMemory<AttentionSegment> segments)
    {
        var device = tape.Device;
        var rows = query.Variable.Value.Rows;
        var wantsGradient = query.Variable.RequiresGradient || key.Variable.RequiresGradient || value.Variable.RequiresGradient
            || bias is { RequiresGradient: true };
        var output = tape.Result(device.Allocate(new Shape(rows, options.QueryHeads * options.HeadSize)), wantsGradient);
        var logSumExp = device.Allocate(new Shape(rows, options.QueryHeads));
        try
        {
            device.Attention(
                query.Variable.Value, query.Layout, key.Variable.Value, key.Layout, value.Variable.Value, value.Layout,
                options, segments, output.Value, logSumExp, bias?.Value);
        }
        catch
        {
            logSumExp.Dispose();
            throw;
        }

        tape.Record(new AttentionOperation(query, key, value, bias, options, segments, output, logSumExp));
        return output;
    }

    internal override void Backward(Tape tape)
    {
        if (_output.Gradient is not { } dOutput)
        {
            return;
        }

        var size = _options.HeadSize;
        var disjoint = !_query.Overlaps(_key, size) && !_query.Overlaps(_value, size) && !_key.Overlaps(_value, size);
        var dQuery = Begin(tape, _query.Variable, disjoint);
        var dKey = disjoint && _key.Variable == _query.Variable ? dQuery : Begin(tape, _key.Variable, disjoint);
        var dValue = disjoint && _value.Variable == _query.Variable ? dQuery
            : disjoint && _value.Variable == _key.Variable ? dKey
            : Begin(tape, _value.Variable, disjoint);
        var dBias = BeginBias(tape);
        tape.Device.AttentionBackward(
            _query.Variable.Value, _query.Layout, _key.Variable.Value, _key.Layout, _value.Variable.Value, _value.Layout,
            _options, _segments, _output.Value, _logSumExp, dOutput, dQuery, dKey, dValue,
            _bias?.Value, dBias);
        End(tape, _query.Variable, dQuery);
        End(tape, _key.Variable, dKey);
        End(tape, _value.Variable, dValue);
    }

    internal override void ReleaseSaved() => _logSumExp.Dispose();

    // The kernel adds to the bias's gradient.
    private Tensor? BeginBias(Tape tape)
    {
        if (_bias is not { RequiresGradient: true })
        {
            return null;
        }

        if (!tape.GradientOf(_bias, out var gradient))
        {
            gradient.Fill(0);
        }

        return gradient;
    }

    // Where the kernel writes: the variable's gradient itself if that is still to be made, else a tensor to be added to it or dropped.
    private Tensor Begin(Tape tape, Variable variable, bool disjoint)
    {
        Tensor destination;
        if (variable is { RequiresGradient: true, Gradient: null } and not Parameter)
        {
            tape.GradientOf(variable, out destination);
        }
        else
        {
            destination = tape.Device.Allocate(variable.Value.Shape);
        }

        if (!disjoint || HeadColumns(variable) != variable.Value.Columns)
        {
            destination.Fill(0);
        }

        return destination;
    }

    private static void End(Tape tape, Variable variable, Tensor destination)
    {
        if (destination == variable.Gradient || destination.IsDisposed)
        {
            return;
        }

        if (variable.RequiresGradient)
        {
            tape.AddToGradient(variable, destination);
        }

        destination.Dispose();
    }

    // Columns of the variable that are part of some head, if no two heads overlap.
    private int HeadColumns(Variable variable)
    {
        var heads = (_query.Variable == variable ? _query.Heads : 0)
            + (_key.Variable == variable ? _key.Heads : 0)
            + (_value.Variable == variable ? _value.Heads : 0);
        return heads * _options.HeadSize;
    }
}
