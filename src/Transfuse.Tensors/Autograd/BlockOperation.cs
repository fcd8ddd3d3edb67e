namespace Transfuse.Tensors.Autograd;

/// <summary>A part of a model whose insides are not kept: run on a tape of its own, and again in the backward pass.</summary>
internal sealed class BlockOperation<TContext> : Operation
{
    private readonly Variable _input;
    private readonly Variable _output;
    private readonly TContext _context;
    private readonly Func<Tape, Variable, TContext, Variable> _body;

    private BlockOperation(Variable input, Variable output, TContext context, Func<Tape, Variable, TContext, Variable> body)
    {
        _input = input;
        _output = output;
        _context = context;
        _body = body;
    }

    internal override Variable Output => _output;

    internal static Variable Apply(Tape tape, Variable input, TContext context, Func<Tape, Variable, TContext, Variable> body)
    {
        using var inner = new Tape(tape.Device, recordGradients: false);
        var result = body(inner, input, context);
        inner.Disown(result);
        var output = tape.Result(result.Value, requiresGradient: true);
        tape.Record(new BlockOperation<TContext>(input, output, context, body));
        return output;
    }

    internal override void Backward(Tape tape)
    {
        if (_output.Gradient is not { } gradient)
        {
            return;
        }

        using var inner = new Tape(tape.Device);
        var result = _body(inner, _input, _context);
        result.Gradient = gradient;
        _output.Gradient = null;
        inner.Backward();
    }
}
