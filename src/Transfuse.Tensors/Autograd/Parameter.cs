using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd;

/// <summary>
/// A trainable array with a name. It owns its value and its gradient, which lives from the backward pass to <see cref="ReleaseGradient"/> or <see cref="Dispose"/>.
/// </summary>
public sealed class Parameter : Variable, IDisposable
{
    /// <summary>Creates a parameter that takes ownership of <paramref name="value"/>. One that rests is frozen.</summary>
    /// <param name="name">Name within the model.</param>
    /// <param name="value">Initial value.</param>
    public Parameter(string name, Tensor value)
        : base(value, requiresGradient: value is { IsResting: false })
    {
        Name = name;
    }

    /// <summary>Name within the model.</summary>
    public string Name { get; }

    /// <summary>Whether weight decay applies: matrices yes, vectors no, unless set otherwise.</summary>
    public bool Decays { get; set; } = true;

    /// <summary>
    /// Where several matrices or vectors of the checkpoint lie one under the other in this parameter, the rows of each; empty for one alone.
    /// Optimisers that look at whole matrices (Adafactor) treat each by itself.
    /// </summary>
    public IReadOnlyList<int> RowBlocks { get; init; } = [];

    /// <summary>Whether it is trained. A frozen parameter has no gradient.</summary>
    /// <exception cref="InvalidOperationException">It is to be trained but rests in another type.</exception>
    public bool IsTrainable
    {
        get => RequiresGradient;
        set
        {
            if (value && Value.IsResting)
            {
                throw new InvalidOperationException($"The parameter '{Name}' rests as stored and cannot be trained; load the model widened to float32, or train an adapter beside it.");
            }

            RequiresGradient = value;
        }
    }

    /// <summary>Sets the gradient to zero, making room for it on first use.</summary>
    public void ZeroGradient(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (!RequiresGradient)
        {
            return;
        }

        Gradient ??= device.Allocate(Value.Shape);
        Gradient.Fill(0);
    }

    /// <summary>Gives the gradient back until the next backward pass: its room serves the forward pass, and the backward pass makes room for it layer by layer.</summary>
    public void ReleaseGradient()
    {
        Gradient?.Dispose();
        Gradient = null;
    }

    /// <summary>Releases value and gradient.</summary>
    public void Dispose()
    {
        Value.Dispose();
        ReleaseGradient();
    }
}
