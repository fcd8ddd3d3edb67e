using Transfuse.Models.Layers;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models.T5;

/// <summary>down(dropout(f(up(x)))), or, gated, down(dropout(f(gate(x))·up(x))) with gate and up in one matrix.</summary>
internal sealed class T5FeedForward(LinearLayer up, LinearLayer down, ActivationKind activation, bool isGated)
{
    /// <summary>x [rows, hidden] to [rows, hidden], plus <paramref name="residual"/>.</summary>
    internal Variable Apply(Tape tape, Variable x, Variable residual, T5Pass pass)
    {
        var inner = up.Apply(tape, x);
        var active = isGated ? tape.Gated(activation, inner) : tape.Activate(activation, inner);
        return pass.Project(tape, down, pass.Drop(tape, active), residual);
    }
}
