using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>A decoder-only language model: token ids in, hidden states out, and the head that turns those into logits.</summary>
public abstract class LanguageModel : TextModel
{
    /// <summary>The field's name for the architecture, as in <c>config.json</c>: <c>llama</c>, <c>gpt_neox</c>, <c>mpt</c>.</summary>
    public virtual string ModelType => Config.ModelType;

    /// <summary>Most positions the model was made for. Longer inputs run, but nobody promises for their quality.</summary>
    public virtual int MaxPositions => Config.MaxPositions;

    /// <summary>What training changes and has to keep: every parameter, or those of the adapter that is on the model.</summary>
    public virtual IReadOnlyList<Parameter> TrainedParameters => Parameters;

    /// <summary>Hidden states as the head takes them, after the last norm, [tokens, columns of the head]; the logits are hidden·HeadWeightᵀ under <see cref="TextModel.HeadOptions"/>.</summary>
    /// <param name="tape">Records the operations.</param>
    /// <param name="batch">The tokens; with a cache one that <see cref="KeyValueCache.NextBatch"/> made.</param>
    /// <param name="cache">Keys and values of the tokens before; those of the batch are added. Only on a tape that does not record.</param>
    /// <exception cref="ArgumentOutOfRangeException">A token id is outside the vocabulary.</exception>
    public abstract Variable Forward(Tape tape, TokenBatch batch, KeyValueCache? cache = null);

    /// <summary>
    /// Hidden states on the way: the embedding's, then each block's output before the final norm, and last what <see cref="Forward"/>
    /// returns; layers + 2 of them, [tokens, hidden] each, the last as wide as the head.
    /// </summary>
    public abstract IReadOnlyList<Variable> ForwardLayers(Tape tape, TokenBatch batch);

    /// <summary>An empty key/value cache for this model; the caller disposes it.</summary>
    /// <param name="device">Where the model runs.</param>
    /// <param name="sequences">Number of sequences.</param>
    /// <param name="capacity">Most tokens of each.</param>
    public KeyValueCache CreateCache(Device device, int sequences, int capacity) =>
        new(device, [.. Enumerable.Range(0, Config.LayerCount).Select(Config.WindowOf)], Config.KeyValueHeadCount, Config.HeadSize, sequences, capacity);
}
