using Transfuse.Tensors.Autograd;

namespace Transfuse.Models.Layers;

/// <summary>Queries, keys and values by one matrix.</summary>
/// <param name="projection">Hidden to all three.</param>
/// <param name="layout">Where the heads lie in its result.</param>
/// <param name="clip">Where positive, the result is clamped to ± this (MPT).</param>
internal sealed class FusedProjection(LinearLayer projection, ProjectionLayout layout, float clip = 0) : HeadProjection
{
    internal override ProjectedHeads Apply(Tape tape, Variable x)
    {
        var projected = Project(tape, x);
        return new ProjectedHeads(projected, projected, projected, layout);
    }

    /// <summary>x [tokens, hidden] to all three side by side.</summary>
    internal Variable Project(Tape tape, Variable x)
    {
        var projected = projection.Apply(tape, x);
        return clip > 0 ? tape.Clamp(projected, clip) : projected;
    }
}
