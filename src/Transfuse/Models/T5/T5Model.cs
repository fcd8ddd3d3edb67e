using Transfuse.Checkpoints;
using Transfuse.Models.Layers;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;

namespace Transfuse.Models.T5;

/// <summary>T5 (Raffel et al. 2020): two stacks of blocks over one embedding. The attention's probabilities are not dropped out in training.</summary>
internal sealed class T5Model(T5Config config, ParameterSet parameters) : EncoderDecoderModel
{
    /// <inheritdoc/>
    public override ModelConfig Config => config;

    /// <inheritdoc/>
    public override int StartId => config.DecoderStartId;

    /// <inheritdoc/>
    public override IReadOnlyList<Parameter> Parameters => parameters.All;

    /// <inheritdoc/>
    public override Parameter HeadWeight => Head;

    /// <inheritdoc/>
    public override HeadOptions HeadOptions =>
        config.ScalesHead ? HeadOptions.Plain with { LogitScale = (float)(1 / Math.Sqrt(config.HiddenSize)) } : HeadOptions.Plain;

    internal required Parameter Embedding { get; init; }

    internal required Parameter Head { get; init; }

    internal required IReadOnlyList<T5Block> Encoder { get; init; }

    internal required NormLayer EncoderNorm { get; init; }

    internal required IReadOnlyList<T5Block> Decoder { get; init; }

    internal required NormLayer DecoderNorm { get; init; }

    /// <inheritdoc/>
    public override Variable Encode(Tape tape, TokenBatch source, RandomStream? dropout = null)
    {
        Check(tape, source);
        var pass = Pass(source.Segments, dropout);
        return Finish(tape, EncoderNorm, Run(tape, Encoder, Embed(tape, source, pass), pass), pass);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Variable> EncodeLayers(Tape tape, TokenBatch source)
    {
        Check(tape, source);
        var pass = Pass(source.Segments, dropout: null);
        var states = new List<Variable> { Embed(tape, source, pass) };
        foreach (var block in Encoder)
        {
            states.Add(Run(tape, [block], states[^1], pass));
        }

        states.Add(Finish(tape, EncoderNorm, states[^1], pass));
        return states;
    }

    /// <inheritdoc/>
    public override Variable Decode(Tape tape, TokenBatch target, TokenBatch source, Variable encoded, RandomStream? dropout = null)
    {
        Check(tape, target);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(encoded);
        if (target.Segments.Length != source.Segments.Length)
        {
            throw new ArgumentException($"There are {target.Segments.Length} targets for {source.Segments.Length} sources.", nameof(target));
        }

        var pass = Pass(target.Segments, dropout) with
        {
            Encoded = encoded,
            SourceSegments =
            [
                .. target.Segments.Zip(source.Segments, (to, from) => new AttentionSegment(to.QueryStart, to.QueryCount, from.QueryStart, from.QueryCount)),
            ],
        };
        return Finish(tape, DecoderNorm, Run(tape, Decoder, Embed(tape, target, pass), pass), pass);
    }

    /// <inheritdoc/>
    public override Variable Decode(Tape tape, EncoderDecoderCache cache, TokenBatch target)
    {
        Check(tape, target);
        ArgumentNullException.ThrowIfNull(cache);
        if (tape.RecordsGradients)
        {
            throw new ArgumentException("A cache is for generation; gradients do not flow through it. Use a tape that does not record.", nameof(tape));
        }

        var pass = Pass(target.Segments, dropout: null) with { Cache = cache, SourceSegments = cache.SourceSegments(target.Segments) };
        var hidden = Finish(tape, DecoderNorm, Run(tape, Decoder, Embed(tape, target, pass), pass), pass);
        cache.Targets.Advance(target);
        return hidden;
    }

    /// <inheritdoc/>
    public override EncoderDecoderCache CreateCache(Device device, TokenBatch source, int targetsPerSource, int capacity)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(targetsPerSource);
        using var tape = new Tape(device, recordGradients: false);
        var encoded = Encode(tape, source);
        var targets = new KeyValueCache(device, new int[Decoder.Count], config.HeadCount, config.HeadSize, checked(source.Segments.Length * targetsPerSource), capacity);
        var sources = new List<Tensor>();
        try
        {
            foreach (var block in Decoder)
            {
                var projected = block.Cross!.Value.Attention.Project(tape, encoded).Value;
                sources.Add(device.Allocate(projected.Shape));
                sources[^1].CopyFrom(projected);
            }
        }
        catch
        {
            targets.Dispose();
            sources.ForEach(tensor => tensor.Dispose());
            throw;
        }

        return new EncoderDecoderCache(
            targets, [.. sources],
            [.. source.Segments.SelectMany(segment => Enumerable.Repeat((segment.QueryStart, segment.QueryCount), targetsPerSource))]);
    }

    private T5Pass Pass(AttentionSegment[] segments, RandomStream? dropout) =>
        new() { Segments = segments, Dropout = dropout, DropoutRate = (float)config.DropoutRate };

    private Variable Embed(Tape tape, TokenBatch batch, T5Pass pass) => pass.Drop(tape, tape.Embed(batch.Ids, Embedding));

    private static Variable Finish(Tape tape, NormLayer norm, Variable x, T5Pass pass) => pass.Drop(tape, norm.Apply(tape, x));

    private static Variable Run(Tape tape, IReadOnlyList<T5Block> blocks, Variable x, T5Pass pass)
    {
        foreach (var block in blocks)
        {
            x = tape.Block(x, (block, pass), static (inner, input, part) => part.block.Apply(inner, input, part.pass));
        }

        return x;
    }

    private void Check(Tape tape, TokenBatch batch)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(batch);
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
