using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd;

/// <summary>
/// One recorded operation. Its class holds the forward pass (a static <c>Apply</c> that computes the value and records the instance)
/// beside the backward pass, so that neither can be forgotten.
/// </summary>
internal abstract class Operation
{
    /// <summary>The variable this operation made, given back after the backward pass; null where it worked in place.</summary>
    internal abstract Variable? Output { get; }

    /// <summary>The variable whose value it changed in place; null where it made one.</summary>
    internal virtual Variable? Changed => null;

    /// <summary>
    /// Whether <see cref="Compute"/> costs little beside the products around it, and asks for nothing that the backward pass would not need anyway:
    /// the tape may then forget the value.
    /// </summary>
    internal virtual bool IsCheap => false;

    /// <summary>
    /// Whether the output is a sum of products that only products and cheap operations read: where products round, the tape may keep it rounded for the
    /// backward pass, as what products compute in bfloat16 is elsewhere from the start.
    /// </summary>
    internal virtual bool MayRound => false;

    /// <summary>Whether <see cref="Backward"/> asks for the value of <see cref="Output"/>.</summary>
    internal virtual bool ReadsOutput => false;

    /// <summary>Whether <see cref="Backward"/> also takes a rounded gradient of <see cref="Output"/>.</summary>
    internal virtual bool TakesRoundedGradient => false;

    /// <summary>What the forward pass did to <paramref name="value"/>, and does again, bit for bit, to one that was forgotten. For cheap operations and those that change a value.</summary>
    internal virtual void Compute(Device device, Tensor value) => throw new NotSupportedException($"{GetType().Name} is not computed again.");

    /// <summary>Adds this operation's share to the gradients of its inputs.</summary>
    internal abstract void Backward(Tape tape);

    /// <summary>Gives back what was kept for the backward pass besides values of variables. May be called more than once.</summary>
    internal virtual void ReleaseSaved()
    {
    }
}
