using Transfuse.Checkpoints;
using Transfuse.Context;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models.Layers;

/// <summary>Embedding, blocks, norm, head: the frame that decoder-only architectures share. They differ in the blocks they put in.</summary>
internal sealed class DecoderModel : LanguageModel
{
    private readonly ParameterSet _parameters;
    private readonly IReadOnlyList<RotaryPositions> _rotations;

    /// <param name="config">Shape of the model.</param>
    /// <param name="parameters">All parameters; the model takes ownership.</param>
    /// <param name="rotations">The kinds of rotary positions that the blocks name by number; the model takes ownership.</param>
    internal DecoderModel(ModelConfig config, ParameterSet parameters, params IReadOnlyList<RotaryPositions> rotations)
    {
        Config = config;
        _parameters = parameters;
        _rotations = rotations;
    }

    /// <inheritdoc/>
    public override ModelConfig Config { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter> Parameters => _parameters.All;

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter> TrainedParameters => Adaptations.Adapter?.Parameters ?? Parameters;

    /// <inheritdoc/>
    public override Parameter HeadWeight => Head;

    /// <inheritdoc/>
    public override HeadOptions HeadOptions => Options;

    /// <summary>What adapters make of the parameters.</summary>
    internal Adaptations Adaptations => _parameters.Adaptations;

    internal required Parameter Embedding { get; init; }

    /// <summary>Factor on embeddings.</summary>
    internal float EmbeddingFactor { get; init; } = 1;

    /// <summary>Learned positions, added to the embedding, or null.</summary>
    internal Parameter? Positions { get; init; }

    /// <summary>Row of <see cref="Positions"/> for position 0.</summary>
    internal int PositionOffset { get; init; }

    internal required IReadOnlyList<DecoderBlock> Blocks { get; init; }

    /// <summary>Embedding to hidden, or null where both have one width.</summary>
    internal LinearLayer? InputProjection { get; init; }

    /// <summary>Hidden to what the head takes, after the norm, or null where both have one width.</summary>
    internal LinearLayer? OutputProjection { get; init; }

    /// <summary>The norm after the last block, or null.</summary>
    internal NormLayer? FinalNorm { get; init; }

    internal required Parameter Head { get; init; }

    internal HeadOptions Options { get; init; } = HeadOptions.Plain;

    /// <inheritdoc/>
    public override Variable Forward(Tape tape, TokenBatch batch, KeyValueCache? cache = null)
    {
        Check(tape, batch, cache);
        var read = cache?.WithSequencesToReadAgain(batch, (before, after) => _rotations.Any(positions => positions.Changes(before, after))) ?? batch;
        var context = ContextOf(tape, read, cache);
        var hidden = Embed(tape, read);
        foreach (var block in Blocks)
        {
            hidden = Run(tape, block, hidden, context);
        }

        cache?.Advance(read);
        hidden = Finish(tape, hidden);
        return ReferenceEquals(read, batch) ? hidden : NewRows(tape, hidden, read, batch);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Variable> ForwardLayers(Tape tape, TokenBatch batch)
    {
        Check(tape, batch, cache: null);
        var context = ContextOf(tape, batch, cache: null);
        var states = new List<Variable> { Embed(tape, batch) };
        foreach (var block in Blocks)
        {
            states.Add(Run(tape, block, states[^1], context));
        }

        states.Add(Finish(tape, states[^1]));
        return states;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var rotation in _rotations)
            {
                rotation.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    private static Variable Run(Tape tape, DecoderBlock block, Variable hidden, ForwardContext context) =>
        tape.Block(hidden, (block, context), static (inner, x, part) => part.block.Apply(inner, x, part.context));

    private Variable Embed(Tape tape, TokenBatch batch)
    {
        var tokens = tape.Embed(batch.Ids, Adaptations.Of(tape, Embedding), EmbeddingFactor);
        tokens = InputProjection?.Apply(tape, tokens) ?? tokens;
        if (Positions is null)
        {
            return tokens;
        }

        return tape.Add(tokens, tape.Embed(Array.ConvertAll(batch.Positions, position => position + PositionOffset), Positions));
    }

    private Variable Finish(Tape tape, Variable hidden)
    {
        hidden = FinalNorm?.Apply(tape, hidden) ?? hidden;
        return OutputProjection?.Apply(tape, hidden) ?? hidden;
    }

    /// <summary>The rows of the tokens that were asked for, which are the last of each segment that was read.</summary>
    private static Variable NewRows(Tape tape, Variable hidden, TokenBatch read, TokenBatch asked)
    {
        var rows = tape.Input(tape.Device.Allocate(new Shape(asked.Count, hidden.Value.Columns)));
        foreach (var (from, to) in read.Segments.Zip(asked.Segments))
        {
            for (var i = 0; i < to.QueryCount; i++)
            {
                hidden.Value.Row(from.QueryStart + from.QueryCount - to.QueryCount + i).CopyTo(rows.Value.Row(to.QueryStart + i));
            }
        }

        return rows;
    }

    private ForwardContext ContextOf(Tape tape, TokenBatch batch, KeyValueCache? cache) =>
        new(batch, [.. _rotations.Select(positions => positions.For(tape, batch.Positions, batch.Segments))], cache);

    private void Check(Tape tape, TokenBatch batch, KeyValueCache? cache)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(batch);
        if (cache is not null && tape.RecordsGradients)
        {
            throw new ArgumentException("A key/value cache is for generation; gradients do not flow through it. Use a tape that does not record.", nameof(cache));
        }

        CheckPositions(batch);
        foreach (var id in batch.Ids)
        {
            if ((uint)id >= (uint)VocabularySize)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(batch), id, $"Token id {id} is outside the model's vocabulary of {VocabularySize}. Is the tokenizer that of this model?");
            }
        }
    }

    private void CheckPositions(TokenBatch batch)
    {
        var room = Positions is null ? int.MaxValue : Positions.Value.Rows - PositionOffset;
        foreach (var position in batch.Positions)
        {
            if ((uint)position >= (uint)room)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(batch), position, $"Position {position} is outside the {room} positions that this model has learned. Give it shorter texts.");
            }
        }
    }
}
