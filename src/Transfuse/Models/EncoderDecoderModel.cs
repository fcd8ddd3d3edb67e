using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;

namespace Transfuse.Models;

/// <summary>
/// A model that reads a source text whole and writes a target text token by token (T5): source ids in, hidden states of the target out, and
/// the head that turns those into logits.
/// </summary>
public abstract class EncoderDecoderModel : TextModel
{
    /// <summary>Id that every target begins with.</summary>
    public abstract int StartId { get; }

    /// <summary>The encoder's states of the source after its last norm, [source tokens, hidden].</summary>
    /// <param name="tape">Records the operations.</param>
    /// <param name="source">The source texts, each seen by itself in both directions.</param>
    /// <param name="dropout">Source of chance for dropout at the configuration's rate in a training step; null for none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A token id is outside the vocabulary.</exception>
    public abstract Variable Encode(Tape tape, TokenBatch source, RandomStream? dropout = null);

    /// <summary>
    /// The encoder's states on the way: the embedding's, then each block's output before the last norm, and last what <see cref="Encode"/>
    /// returns; layers + 2 of them, [source tokens, hidden] each.
    /// </summary>
    public abstract IReadOnlyList<Variable> EncodeLayers(Tape tape, TokenBatch source);

    /// <summary>Hidden states of the target after the last norm, [target tokens, hidden]; the logits are hidden·HeadWeightᵀ under <see cref="TextModel.HeadOptions"/>.</summary>
    /// <param name="tape">Records the operations.</param>
    /// <param name="target">The decoder's inputs, each beginning with <see cref="StartId"/>; its n-th text sees the source's n-th.</param>
    /// <param name="source">What was encoded.</param>
    /// <param name="encoded">What <see cref="Encode"/> made of it.</param>
    /// <param name="dropout">Source of chance for dropout in a training step; null for none.</param>
    /// <exception cref="ArgumentException">There are more or fewer targets than sources.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A token id is outside the vocabulary.</exception>
    public abstract Variable Decode(Tape tape, TokenBatch target, TokenBatch source, Variable encoded, RandomStream? dropout = null);

    /// <summary>Hidden states of the tokens that continue the targets of a cache; keys and values are added to it. Only on a tape that does not record.</summary>
    /// <param name="tape">Owns the result.</param>
    /// <param name="cache">What <see cref="CreateCache"/> made.</param>
    /// <param name="target">A batch that the cache's <see cref="EncoderDecoderCache.NextBatch"/> made.</param>
    public abstract Variable Decode(Tape tape, EncoderDecoderCache cache, TokenBatch target);

    /// <summary>Encodes sources and makes a cache for targets of them; the caller disposes it.</summary>
    /// <param name="device">Where the model runs.</param>
    /// <param name="source">The source texts.</param>
    /// <param name="targetsPerSource">Targets of each source, next to each other.</param>
    /// <param name="capacity">Most tokens of each target.</param>
    public abstract EncoderDecoderCache CreateCache(Device device, TokenBatch source, int targetsPerSource, int capacity);
}
