using Transfuse.Tensors.Autograd;

namespace Transfuse.Models.Layers;

/// <summary>Queries, keys and values by one matrix, of which queries and keys then have a norm over all heads of a token (MPT).</summary>
/// <param name="projection">Hidden to all three: all queries, then all keys, then all values.</param>
/// <param name="queryNorm">Over queries.</param>
/// <param name="keyNorm">Over keys.</param>
/// <param name="heads">Query heads.</param>
/// <param name="keyValueHeads">Key and value heads.</param>
/// <param name="headSize">Elements of a head.</param>
internal sealed class NormedFusedProjection(
    FusedProjection projection, NormLayer queryNorm, NormLayer keyNorm, int heads, int keyValueHeads, int headSize) : HeadProjection
{
    private readonly ProjectionLayout _layout = ProjectionLayout.Separate(headSize) with
    {
        Value = ProjectionLayout.Stacked(heads, keyValueHeads, headSize).Value,
    };

    internal override ProjectedHeads Apply(Tape tape, Variable x)
    {
        var projected = projection.Project(tape, x);
        var queries = tape.Columns(projected, 0, heads * headSize);
        var keys = tape.Columns(projected, heads * headSize, keyValueHeads * headSize);
        return new ProjectedHeads(queryNorm.Apply(tape, queries), keyNorm.Apply(tape, keys), projected, _layout);
    }
}
