namespace Transfuse.Tensors.Autograd;

/// <summary>
/// One recorded operation. Its class holds the forward pass (a static <c>Apply</c> that computes the value and records the instance)
/// beside the backward pass, so that neither can be forgotten.
/// </summary>
internal abstract class Operation
{
    /// <summary>The variable this operation made, given back after the backward pass; null where it worked in place.</summary>
    internal abstract Variable? Output { get; }

    /// <summary>Adds this operation's share to the gradients of its inputs.</summary>
    internal abstract void Backward(Tape tape);

    /// <summary>Gives back what was kept for the backward pass besides values of variables. May be called more than once.</summary>
    internal virtual void ReleaseSaved()
    {
    }
}
