namespace Transfuse.Tensors.Autograd;

/// <summary>A value on the tape, and the gradient of the loss with respect to it once the tape has run backwards.</summary>
public class Variable
{
    private Tensor _value;
    private bool _isForgotten;

    internal Variable(Tensor value, bool requiresGradient)
    {
        _value = value;
        RequiresGradient = requiresGradient;
    }

    /// <summary>
    /// The value. Owned by the tape that made it, or by the parameter. One that the tape has forgotten at the end of a block, because it is
    /// cheap, is computed again here.
    /// </summary>
    public Tensor Value => _isForgotten ? Remember() : _value;

    /// <summary>The gradient, of the value's shape, or null while nothing has flowed into it.</summary>
    public Tensor? Gradient { get; internal set; }

    /// <summary>The shape of value and gradient, which the tape does not forget.</summary>
    internal Shape Shape => _value.Shape;

    /// <summary>The tape that gives back value and gradient; null for parameters and borrowed values.</summary>
    internal Tape? Owner { get; set; }

    /// <summary>Whether a gradient is wanted.</summary>
    public bool RequiresGradient { get; internal set; }

    /// <summary>Gives the value back until somebody asks for it.</summary>
    internal void Forget()
    {
        _value.Dispose();
        _isForgotten = true;
    }

    /// <summary>Gives the value back for good: nobody asks for it any more.</summary>
    internal void DropValue()
    {
        _value.Dispose();
        _isForgotten = false;
    }

    private Tensor Remember()
    {
        var tape = Owner ?? throw new InvalidOperationException("A value that a tape has forgotten left the tape.");
        _isForgotten = false;
        _value = tape.Device.Allocate(_value.Shape);
        tape.ComputeAgain(this, _value);
        return _value;
    }
}
