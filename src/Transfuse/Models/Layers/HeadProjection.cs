using Transfuse.Tensors.Autograd;

namespace Transfuse.Models.Layers;

/// <summary>Makes queries, keys and values of hidden states.</summary>
internal abstract class HeadProjection
{
    /// <summary>x [tokens, hidden] to heads, not yet rotated.</summary>
    internal abstract ProjectedHeads Apply(Tape tape, Variable x);
}
