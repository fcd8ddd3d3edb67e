using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Autograd;

/// <summary>
/// A part of a model whose insides are not kept: run on a tape of its own, and again in the backward pass (Chen et al. 2016). Gradients of
/// the input and of parameters flow from the second run.
/// </summary>
internal sealed class BlockOperation<TContext> : Operation
{
    private readonly Variable _input;
    private readonly Variable _output;
    private readonly TContext _context;
    private readonly Func<Tape, Variable, TContext, Variable> _body;
    private readonly IReadOnlyList<(RandomStream Stream, ulong Counter)> _streams;

    private BlockOperation(
        Variable input, Variable output, TContext context, Func<Tape, Variable, TContext, Variable> body,
        IReadOnlyList<(RandomStream Stream, ulong Counter)> streams)
    {
        _input = input;
        _output = output;
        _context = context;
        _body = body;
        _streams = streams;
    }

    internal override Variable Output => _output;

    internal static Variable Apply(Tape tape, Variable input, TContext context, Func<Tape, Variable, TContext, Variable> body)
    {
        using var inner = tape.ForFirstPass();
        var result = body(inner, input, context);
        foreach (var (stream, counter) in inner.Streams)
        {
            tape.NoteStream(stream, counter);
        }

        if (!ReferenceEquals(result.Owner, inner))
        {
            // The block gave back its input, a parameter or a constant: there is nothing to run again.
            return result;
        }

        inner.Disown(result);
        var output = tape.Result(result.Value, inner.GradientWanted);
        tape.Record(new BlockOperation<TContext>(input, output, context, body, inner.Streams));
        return output;
    }

    internal override void Backward(Tape tape)
    {
        if (_output.Gradient is not { } gradient)
        {
            return;
        }

        using var inner = new Tape(tape.Device);
        var result = RunAgain(inner);
        result.Gradient = gradient;
        _output.Gradient = null;
        inner.Backward();
    }

    /// <summary>Runs the body with the random streams where they were the first time, and puts them back.</summary>
    private Variable RunAgain(Tape inner)
    {
        Span<ulong> counters = _streams.Count <= 16 ? stackalloc ulong[_streams.Count] : new ulong[_streams.Count];
        for (var i = 0; i < _streams.Count; i++)
        {
            counters[i] = _streams[i].Stream.Counter;
            _streams[i].Stream.Counter = _streams[i].Counter;
        }

        try
        {
            return _body(inner, _input, _context);
        }
        finally
        {
            for (var i = 0; i < _streams.Count; i++)
            {
                _streams[i].Stream.Counter = counters[i];
            }
        }
    }
}
