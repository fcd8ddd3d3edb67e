namespace Transfuse.Tensors.Autograd;

/// <summary>A value on the tape, and the gradient of the loss with respect to it once the tape has run backwards.</summary>
public class Variable
{
    internal Variable(Tensor value, bool requiresGradient)
    {
        Value = value;
        RequiresGradient = requiresGradient;
    }

    /// <summary>The value. Owned by the tape that made it, or by the parameter.</summary>
    public Tensor Value { get; }

    /// <summary>The gradient, of the value's shape, or null while nothing has flowed into it.</summary>
    public Tensor? Gradient { get; internal set; }

    /// <summary>The tape that gives back value and gradient; null for parameters and borrowed values.</summary>
    internal Tape? Owner { get; set; }

    /// <summary>Whether a gradient is wanted.</summary>
    public bool RequiresGradient { get; internal set; }
}
