using Transfuse.Checkpoints;
using Transfuse.Context;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models.Layers;

/// <summary>Embedding, blocks, norm, head: the frame that decoder-only architectures share. They differ in the blocks they put in.</summary>
internal sealed class DecoderModel : LanguageModel
{
    private readonly ParameterSet _parameters;
    private readonly RopeTable? _rope;

    /// <param name="config">Shape of the model.</param>
    /// <param name="parameters">All parameters; the model takes ownership.</param>
    /// <param name="rope">Rotary positions, or null; the model takes ownership.</param>
    internal DecoderModel(ModelConfig config, ParameterSet parameters, RopeTable? rope)
    {
        Config = config;
        _parameters = parameters;
        _rope = rope;
    }

    /// <inheritdoc/>
    public override ModelConfig Config { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter> Parameters => _parameters.All;

    /// <inheritdoc/>
    public override Parameter HeadWeight => Head;

    /// <inheritdoc/>
    public override HeadOptions HeadOptions => Options;

    internal required Parameter Embedding { get; init; }

    internal required IReadOnlyList<DecoderBlock> Blocks { get; init; }

    internal required NormLayer FinalNorm { get; init; }

    internal required Parameter Head { get; init; }

    internal HeadOptions Options { get; init; } = HeadOptions.Plain;

    /// <inheritdoc/>
    public override Variable Forward(Tape tape, TokenBatch batch, KeyValueCache? cache = null)
    {
        Check(tape, batch, cache);
        var context = ContextOf(batch, cache);
        var hidden = tape.Embed(batch.Ids, Embedding);
        foreach (var block in Blocks)
        {
            hidden = Run(tape, block, hidden, context);
        }

        cache?.Advance(batch.Segments);
        return FinalNorm.Apply(tape, hidden);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Variable> ForwardLayers(Tape tape, TokenBatch batch)
    {
        Check(tape, batch, cache: null);
        var context = ContextOf(batch, cache: null);
        var states = new List<Variable> { tape.Embed(batch.Ids, Embedding) };
        foreach (var block in Blocks)
        {
            states.Add(Run(tape, block, states[^1], context));
        }

        states.Add(FinalNorm.Apply(tape, states[^1]));
        return states;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _rope?.Dispose();
        }

        base.Dispose(disposing);
    }

    private static Variable Run(Tape tape, DecoderBlock block, Variable hidden, ForwardContext context) =>
        tape.Block(hidden, (block, context), static (inner, x, part) => part.block.Apply(inner, x, part.context));

    private ForwardContext ContextOf(TokenBatch batch, KeyValueCache? cache)
    {
        if (_rope is null)
        {
            return new ForwardContext(batch, null, null, cache);
        }

        var (cosines, sines) = _rope.AtLeast(batch.Count == 0 ? 0 : batch.Positions.Max() + 1);
        return new ForwardContext(batch, cosines, sines, cache);
    }

    private void Check(Tape tape, TokenBatch batch, KeyValueCache? cache)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(batch);
        if (cache is not null && tape.RecordsGradients)
        {
            throw new ArgumentException("A key/value cache is for generation; gradients do not flow through it. Use a tape that does not record.", nameof(cache));
        }

        foreach (var id in batch.Ids)
        {
            if ((uint)id >= (uint)VocabularySize)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(batch), id, $"Token id {id} is outside the model's vocabulary of {VocabularySize}. Is the tokenizer that of this model?");
            }
        }
    }
}
