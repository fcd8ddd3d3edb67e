using Transfuse.Tensors.Autograd;

namespace Transfuse.Models.Layers;

/// <summary>Queries, keys and values by a matrix each, with a norm on queries and on keys.</summary>
/// <param name="query">Hidden to queries.</param>
/// <param name="queryNorm">Over each head or over all of a token, by the size of its weight.</param>
/// <param name="key">Hidden to keys.</param>
/// <param name="keyNorm">Over keys.</param>
/// <param name="value">Hidden to values.</param>
/// <param name="headSize">Elements of a head.</param>
internal sealed class NormedProjection(
    LinearLayer query, NormLayer queryNorm, LinearLayer key, NormLayer keyNorm, LinearLayer value, int headSize) : HeadProjection
{
    internal override ProjectedHeads Apply(Tape tape, Variable x) => new(
        queryNorm.Apply(tape, query.Apply(tape, x)), keyNorm.Apply(tape, key.Apply(tape, x)), value.Apply(tape, x),
        ProjectionLayout.Separate(headSize));
}
