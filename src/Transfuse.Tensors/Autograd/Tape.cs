using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Autograd;

/// <summary>
/// Records the operations of a forward pass and runs them backwards. It owns every value and gradient that is not a parameter's and
/// gives each back as soon as the backward pass is done with it.
/// </summary>
/// <remarks>
/// Where a <see cref="Block{TContext}"/> ends, the tape forgets the values in it that are cheap to compute again (norms, activations, adapted
/// weights); who asks for one later finds it computed again, with the same bits. Where the device's products round, it also keeps what products made
/// in that block rounded, in half the memory, and widens it for who asks.
/// Losses compute the gradient of their input in the forward pass, so <see cref="Backward"/> needs no seed; <see cref="Seed"/> sets one by
/// hand. One tape is used for one forward and at most one backward pass; not thread safe.
/// </remarks>
public sealed class Tape : IDisposable
{
    private readonly List<Operation> _operations = [];
    private readonly List<Variable> _owned = [];
    private readonly bool _trains;
    private bool _ranBackward;

    // What was recorded just before the operation that runs backwards.
    private Operation? _before;
    private List<(RandomStream Stream, ulong Counter)>? _streams;

    /// <summary>Starts an empty tape.</summary>
    /// <param name="device">Where operations run.</param>
    /// <param name="recordGradients">False for scoring: nothing is kept for a backward pass.</param>
    /// <param name="recompute">Keep only the inputs of <see cref="Block{TContext}"/>s and compute their insides again in the backward pass.</param>
    public Tape(Device device, bool recordGradients = true, bool recompute = false)
        : this(device, recordGradients, recompute, recordGradients)
    {
    }

    private Tape(Device device, bool recordGradients, bool recompute, bool trains)
    {
        ArgumentNullException.ThrowIfNull(device);
        Device = device;
        RecordsGradients = recordGradients;
        Recomputes = recordGradients && recompute;
        _trains = trains;
    }

    /// <summary>Where operations run.</summary>
    public Device Device { get; }

    /// <summary>Whether a backward pass is possible.</summary>
    public bool RecordsGradients { get; }

    /// <summary>Whether blocks are computed again in the backward pass.</summary>
    public bool Recomputes { get; }

    /// <summary>Whether this is part of a training step: it records gradients, or is the first pass of a block that will run again.</summary>
    internal bool Trains => _trains;

    /// <summary>Whether anything made on this tape would want a gradient if the tape recorded.</summary>
    internal bool GradientWanted { get; private set; }

    /// <summary>Random streams that operations drew from, with the counter before the first draw; needed to run a block again.</summary>
    internal IReadOnlyList<(RandomStream Stream, ulong Counter)> Streams => _streams ?? [];

    /// <summary>
    /// Runs <paramref name="body"/> on <paramref name="input"/>. When scoring, everything it made but its result is given back at once;
    /// with recomputation only the input is kept and the body runs again in the backward pass; otherwise it is run, and what it made is forgotten
    /// where that is cheap to compute again, or rounded where products would round it.
    /// </summary>
    /// <param name="input">The block's input.</param>
    /// <param name="context">Passed to the body.</param>
    /// <param name="body">
    /// Computes the block; must give the same result each time and leave the input's value as it is. Random streams that it draws from through
    /// the tape's operations are wound back for the second run.
    /// </param>
    public Variable Block<TContext>(Variable input, TContext context, Func<Tape, Variable, TContext, Variable> body)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(body);
        if (!RecordsGradients || Recomputes)
        {
            return BlockOperation<TContext>.Apply(this, input, context, body);
        }

        var first = _operations.Count;
        var result = body(this, input, context);
        KeepLess(first, result);
        return result;
    }

    /// <summary>Puts a tensor on the tape as a constant or, with <paramref name="requiresGradient"/>, as an input whose gradient is kept. The tape takes ownership.</summary>
    public Variable Input(Tensor value, bool requiresGradient = false) => Own(new Variable(value, requiresGradient && RecordsGradients));

    /// <summary>Sets the gradient of the loss with respect to <paramref name="variable"/>; copies <paramref name="gradient"/>.</summary>
    public void Seed(Variable variable, Tensor gradient)
    {
        ArgumentNullException.ThrowIfNull(variable);
        ArgumentNullException.ThrowIfNull(gradient);
        AddToGradient(variable, gradient);
    }

    /// <summary>Runs every recorded operation backwards, newest first. Gradients of parameters are added to what they hold.</summary>
    /// <exception cref="InvalidOperationException">The tape does not record gradients, or has run backwards already.</exception>
    public void Backward()
    {
        if (!RecordsGradients)
        {
            throw new InvalidOperationException("This tape was made for scoring; it has nothing to run backwards.");
        }

        if (_ranBackward)
        {
            throw new InvalidOperationException("This tape has run backwards already; use a new tape for each forward pass.");
        }

        _ranBackward = true;

        for (var i = _operations.Count - 1; i >= 0; i--)
        {
            var operation = _operations[i];
            _before = i > 0 ? _operations[i - 1] : null;
            operation.Backward(this);
            operation.ReleaseSaved();
            if (operation.Output is { } output)
            {
                Release(output);
            }
        }

        _before = null;
        _operations.Clear();
    }

    /// <summary>Gives back all values and gradients that the tape owns.</summary>
    public void Dispose()
    {
        foreach (var operation in _operations)
        {
            operation.ReleaseSaved();
        }

        _operations.Clear();
        foreach (var variable in _owned)
        {
            Release(variable);
        }

        _owned.Clear();
    }

    /// <summary>A tape for the first pass of a block of this one: nothing is kept, but operations behave as they do on this tape.</summary>
    internal Tape ForFirstPass() => new(Device, recordGradients: false, recompute: false, _trains);

    /// <summary>
    /// A new variable of this tape that holds <paramref name="value"/>, with a gradient if any input wants one. Called before the value is
    /// computed, so that the tape gives the memory back if the kernel throws.
    /// </summary>
    internal Variable Result(Tensor value, bool requiresGradient)
    {
        GradientWanted |= requiresGradient;
        return Own(new Variable(value, requiresGradient && RecordsGradients));
    }

    /// <summary>Notes that an operation is about to draw from <paramref name="stream"/>.</summary>
    internal void NoteStream(RandomStream stream, ulong counter)
    {
        _streams ??= [];
        foreach (var (known, _) in _streams)
        {
            if (ReferenceEquals(known, stream))
            {
                return;
            }
        }

        _streams.Add((stream, counter));
    }

    /// <summary>Computes and records an operation that can do so again, and gives back what it made.</summary>
    internal Variable Compute(Operation operation, Variable output)
    {
        try
        {
            operation.Compute(Device, output.Value);
        }
        catch
        {
            operation.ReleaseSaved();
            throw;
        }

        Record(operation);
        return output;
    }

    /// <summary>Records <paramref name="operation"/> if the tape records, else gives back at once what it kept.</summary>
    internal void Record(Operation operation)
    {
        if (RecordsGradients)
        {
            _operations.Add(operation);
        }
        else
        {
            operation.ReleaseSaved();
        }
    }

    /// <summary>Computes the value of <paramref name="variable"/>, which was forgotten, as the recorded operations did.</summary>
    internal void ComputeAgain(Variable variable, Tensor value)
    {
        foreach (var operation in _operations)
        {
            if (ReferenceEquals(operation.Output, variable) || ReferenceEquals(operation.Changed, variable))
            {
                operation.Compute(Device, value);
            }
        }
    }

    /// <summary>The gradient of <paramref name="variable"/> to write into; true if it holds a value to add to, false if it is undefined.</summary>
    internal bool GradientOf(Variable variable, out Tensor gradient)
    {
        if (variable.Gradient is { } existing)
        {
            gradient = existing;
            return true;
        }

        gradient = Device.Allocate(variable.Shape);
        variable.Gradient = gradient;
        return false;
    }

    /// <summary>
    /// As <see cref="GradientOf"/>, but a new gradient takes the place of the value if nothing after the operation asks for that: for kernels
    /// that read an element of the value, from <paramref name="value"/>, before they write the gradient's.
    /// </summary>
    /// <param name="variable">Whose gradient.</param>
    /// <param name="takesRounded">Whether the kernel also reads and writes rounded elements: both are then rounded if the value is, and who made it takes that.</param>
    /// <param name="value">The value.</param>
    /// <param name="gradient">The gradient to write into.</param>
    internal bool GradientOverValue(Variable variable, bool takesRounded, out Tensor value, out Tensor gradient)
    {
        if (variable.Gradient is not null || !IsDoneWith(variable))
        {
            value = variable.Value;
            return GradientOf(variable, out gradient);
        }

        value = takesRounded && _before!.TakesRoundedGradient ? variable.Kept : variable.Value;
        gradient = value = value.Share();
        variable.Gradient = gradient;
        variable.DropValue();
        return false;
    }

    /// <summary>Gives the value of <paramref name="variable"/> back if nothing after the operation that runs backwards asks for it.</summary>
    internal void DropValueIfDone(Variable variable)
    {
        if (IsDoneWith(variable))
        {
            variable.DropValue();
        }
    }

    /// <summary>Adds <paramref name="share"/> to the gradient of <paramref name="variable"/>.</summary>
    internal void AddToGradient(Variable variable, Tensor share)
    {
        var accumulate = GradientOf(variable, out var gradient);
        Device.Scale(share, 1, gradient, accumulate);
    }

    /// <summary>Hands the gradient of a finished <paramref name="source"/> to <paramref name="target"/>: moved if the target has none, else added.</summary>
    internal void PassGradient(Variable source, Variable target)
    {
        if (source.Gradient is not { } gradient || !target.RequiresGradient)
        {
            return;
        }

        if (target.Gradient is null && target is not Parameter)
        {
            target.Gradient = gradient;
            source.Gradient = null;
            return;
        }

        AddToGradient(target, gradient);
    }

    /// <summary>Takes <paramref name="variable"/> out of this tape's ownership; its value is then someone else's to give back.</summary>
    internal void Disown(Variable variable)
    {
        if (ReferenceEquals(variable.Owner, this))
        {
            variable.Owner = null;
        }
    }

    /// <summary>
    /// Forgets the values that operations from <paramref name="first"/> on made and can make again, and rounds those that they may, but for the block's
    /// <paramref name="result"/>.
    /// </summary>
    private void KeepLess(int first, Variable result)
    {
        for (var i = first; i < _operations.Count; i++)
        {
            if (_operations[i].IsCheap)
            {
                MadeWithin(i, result)?.Forget();
            }
        }

        // Room that was forgotten serves what is rounded.
        for (var i = first; i < _operations.Count; i++)
        {
            if (_operations[i].MayRound)
            {
                MadeWithin(i, result)?.Round(Device);
            }
        }
    }

    /// <summary>What an operation of a block made, if it is this tape's and not the block's <paramref name="result"/>.</summary>
    private Variable? MadeWithin(int operation, Variable result) =>
        _operations[operation].Output is { } output && !ReferenceEquals(output, result) && ReferenceEquals(output.Owner, this) ? output : null;

    /// <summary>Whether the operation that runs backwards is the last to ask for the value: what was recorded just before it made the variable.</summary>
    private bool IsDoneWith(Variable variable) =>
        _before is { ReadsOutput: false } && ReferenceEquals(_before.Output, variable) && ReferenceEquals(variable.Owner, this);

    private Variable Own(Variable variable)
    {
        variable.Owner = this;
        _owned.Add(variable);
        return variable;
    }

    /// <summary>Gives back value and gradient of a variable that no remaining operation needs, if this tape owns it.</summary>
    private void Release(Variable variable)
    {
        if (!ReferenceEquals(variable.Owner, this))
        {
            return;
        }

        variable.Owner = null;
        variable.DropValue();
        variable.Gradient?.Dispose();
        variable.Gradient = null;
    }
}
