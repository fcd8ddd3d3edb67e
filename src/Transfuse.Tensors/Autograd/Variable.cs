using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd;

/// <summary>A value on the tape, and the gradient of the loss with respect to it once the tape has run backwards.</summary>
public class Variable
{
    private Tensor _value;
    private bool _isForgotten, _isRounded;

    internal Variable(Tensor value, bool requiresGradient)
    {
        _value = value;
        RequiresGradient = requiresGradient;
    }

    /// <summary>
    /// The value. Owned by the tape that made it, or by the parameter. One that the tape has forgotten at the end of a block, because it is
    /// cheap, is computed again here, and one that it has rounded is widened.
    /// </summary>
    public Tensor Value => _isForgotten ? Remember() : _isRounded ? Widen() : _value;

    /// <summary>The value as the tape keeps it, rounded or not: for kernels that take both.</summary>
    internal Tensor Kept => _isForgotten ? Remember() : _value;

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

    /// <summary>Keeps the value as products of <paramref name="device"/> round it until somebody asks for it; does nothing where they do not.</summary>
    internal void Round(Device device)
    {
        if (!_isRounded && !_value.IsResting && device.Round(_value) is { } rounded)
        {
            _value.Dispose();
            _value = rounded;
            _isRounded = true;
        }
    }

    /// <summary>Gives the value back for good: nobody asks for it any more.</summary>
    internal void DropValue()
    {
        _value.Dispose();
        _isForgotten = _isRounded = false;
    }

    private Tensor Remember()
    {
        var tape = Owner ?? throw new InvalidOperationException("A value that a tape has forgotten left the tape.");
        _isForgotten = false;
        _value = tape.Device.Allocate(_value.Shape);
        tape.ComputeAgain(this, _value);
        return _value;
    }

    private Tensor Widen()
    {
        var tape = Owner ?? throw new InvalidOperationException("A value that a tape has rounded left the tape.");
        var widened = tape.Device.Allocate(_value.Shape);
        tape.Device.Widen(_value, widened);
        _value.Dispose();
        _value = widened;
        _isRounded = false;
        return _value;
    }
}
