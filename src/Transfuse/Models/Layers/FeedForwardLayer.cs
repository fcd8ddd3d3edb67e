using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models.Layers;

/// <summary>
/// The feed-forward part of a block: down(f(up(x))), or, gated, down(f(gate(x))·up(x)) with gate and up in one matrix.
/// </summary>
internal sealed class FeedForwardLayer(LinearLayer up, LinearLayer down, ActivationKind activation, bool isGated)
{
    /// <summary>x [rows, hidden] to [rows, hidden], plus <paramref name="residual"/>.</summary>
    internal Variable Apply(Tape tape, Variable x, Variable? residual)
    {
        var inner = up.Apply(tape, x);
        var active = isGated ? tape.Gated(activation, inner) : tape.Activate(activation, inner);
        return down.Apply(tape, active, residual);
    }
}
