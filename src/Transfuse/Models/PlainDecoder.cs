using Transfuse.Checkpoints;
using Transfuse.Context;
using Transfuse.Models.Layers;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>
/// Decoders with layer norms before their parts and a feed-forward part without gate: what GPT-2, GPT-NeoX, MPT and OPT have in common, and
/// as data what sets them apart. Names are those of the file, without suffix.
/// </summary>
internal sealed record PlainDecoder
{
    /// <summary>What files of the bare model leave out.</summary>
    internal required string Prefix { get; init; }

    internal required string Embedding { get; init; }

    internal required string Head { get; init; }

    /// <summary>Start of the names of a layer, before its number.</summary>
    internal required string Layers { get; init; }

    internal required string AttentionNorm { get; init; }

    /// <summary>The fused projection to queries, keys and values.</summary>
    internal required string Projection { get; init; }

    /// <summary>The file's tensors of queries, keys and values; null where they are fused there as well.</summary>
    internal string[]? ProjectionParts { get; init; }

    internal required string Output { get; init; }

    internal required string MlpNorm { get; init; }

    internal required string Up { get; init; }

    internal required string Down { get; init; }

    /// <summary>The norm after the last block, or null.</summary>
    internal string? FinalNorm { get; init; }

    /// <summary>Width of embedding and head; null for that of the hidden states. Another width takes the two projections.</summary>
    internal int? EmbeddingSize { get; init; }

    /// <summary>From the embedding's width to that of the hidden states, without bias.</summary>
    internal string InputProjection { get; init; } = "";

    /// <summary>From the hidden states' width to that of the head, without bias.</summary>
    internal string OutputProjection { get; init; } = "";

    /// <summary>Norms of all queries and of all keys of a token, or null.</summary>
    internal (string Query, string Key)? QueryKeyNorms { get; init; }

    /// <summary>Whether the two norms of a block follow its sums instead of going before its parts.</summary>
    internal bool NormsSums { get; init; }

    /// <summary>Learned positions, or null.</summary>
    internal string? Positions { get; init; }

    /// <summary>Row of the learned positions for position 0.</summary>
    internal int PositionOffset { get; init; }

    /// <summary>Whether the file's matrices are [in, out].</summary>
    internal bool IsTransposed { get; init; }

    internal bool NormBias { get; init; } = true;

    internal bool AttentionBias { get; init; } = true;

    internal bool MlpBias { get; init; } = true;

    /// <summary>Whether the fused projection goes head by head.</summary>
    internal bool IsInterleaved { get; init; }

    internal bool IsParallel { get; init; }

    /// <summary>Rotary positions, or null.</summary>
    internal RopeParameters? Rope { get; init; }

    /// <summary>Where positive, the fused projection is clamped to ± this.</summary>
    internal float Clip { get; init; }

    internal IReadOnlyList<float>? AlibiSlopes { get; init; }

    internal HeadOptions HeadOptions { get; init; } = HeadOptions.Plain;

    /// <summary>Factor on the scores of a layer.</summary>
    internal required Func<int, double> ScaleOf { get; init; }

    /// <summary>Names and shapes of the weights.</summary>
    internal WeightMap Weights(ModelConfig config)
    {
        var hidden = config.HiddenSize;
        var keys = config.KeyValueHeadCount * config.HeadSize;
        var width = EmbeddingSize ?? hidden;
        var map = new WeightMap(Prefix, $"{Embedding}.weight", $"{Head}.weight").Vocabulary(config.VocabularySize, width, config.TiesEmbeddings);
        if (width != hidden)
        {
            map.Linear(InputProjection, hidden, width, hasBias: false).Linear(OutputProjection, width, hidden, hasBias: false);
        }

        if (Positions is not null)
        {
            map.Positions($"{Positions}.weight", config.MaxPositions + PositionOffset, hidden);
        }

        for (var i = 0; i < config.LayerCount; i++)
        {
            var layer = $"{Layers}.{i}";
            (string, int)[] projection = ProjectionParts is { } names
                ? [($"{layer}.{names[0]}", hidden), ($"{layer}.{names[1]}", keys), ($"{layer}.{names[2]}", keys)]
                : [($"{layer}.{Projection}", hidden + (2 * keys))];
            map.Norm($"{layer}.{AttentionNorm}", hidden, NormBias)
                .Linear($"{layer}.{Projection}", hidden, AttentionBias, WeightRole.Matrix, IsTransposed, projection);
            if (QueryKeyNorms is var (query, key))
            {
                map.Norm($"{layer}.{query}", hidden, NormBias).Norm($"{layer}.{key}", keys, NormBias);
            }

            map.Linear($"{layer}.{Output}", hidden, AttentionBias, WeightRole.ResidualMatrix, IsTransposed, [($"{layer}.{Output}", hidden)])
                .Norm($"{layer}.{MlpNorm}", hidden, NormBias)
                .Linear($"{layer}.{Up}", hidden, MlpBias, WeightRole.Matrix, IsTransposed, [($"{layer}.{Up}", config.IntermediateSize)])
                .Linear($"{layer}.{Down}", config.IntermediateSize, MlpBias, WeightRole.ResidualMatrix, IsTransposed, [($"{layer}.{Down}", hidden)]);
        }

        return FinalNorm is null ? map : map.Norm(FinalNorm, hidden, NormBias);
    }

    /// <summary>The model of these parameters, of which it takes ownership.</summary>
    internal DecoderModel Build(ModelConfig config, ParameterSet parameters, Device device)
    {
        RotaryPositions[] rotations = Rope is null ? [] : [new RotaryPositions(device, Rope, config.HeadSize)];
        var embedding = parameters[$"{Embedding}.weight"];
        return new DecoderModel(config, parameters, rotations)
        {
            Embedding = embedding,
            Positions = Positions is null ? null : parameters[$"{Positions}.weight"],
            PositionOffset = PositionOffset,
            Blocks = [.. Enumerable.Range(0, config.LayerCount).Select(i => Block(i, config, parameters))],
            FinalNorm = FinalNorm is null ? null : LayerNormLayer.Of(parameters, FinalNorm, config.NormEpsilon),
            InputProjection = parameters.Find($"{InputProjection}.weight") is null ? null : LinearLayer.Of(parameters, InputProjection),
            OutputProjection = parameters.Find($"{OutputProjection}.weight") is null ? null : LinearLayer.Of(parameters, OutputProjection),
            Head = parameters.Find($"{Head}.weight") ?? embedding,
            Options = HeadOptions,
        };
    }

    private DecoderBlock Block(int index, ModelConfig config, ParameterSet parameters)
    {
        var layer = $"{Layers}.{index}";
        return new DecoderBlock
        {
            AttentionNorm = LayerNormLayer.Of(parameters, $"{layer}.{AttentionNorm}", config.NormEpsilon),
            Attention = new AttentionLayer(index, HeadProjection(config, parameters, layer), LinearLayer.Of(parameters, $"{layer}.{Output}"))
            {
                RotationIndex = Rope is null ? null : 0,
                Options = new AttentionOptions
                {
                    QueryHeads = config.HeadCount,
                    KeyValueHeads = config.KeyValueHeadCount,
                    HeadSize = config.HeadSize,
                    Scale = (float)ScaleOf(index),
                    AlibiSlopes = AlibiSlopes,
                },
            },
            MlpNorm = LayerNormLayer.Of(parameters, $"{layer}.{MlpNorm}", config.NormEpsilon),
            Mlp = new FeedForwardLayer(
                LinearLayer.Of(parameters, $"{layer}.{Up}"), LinearLayer.Of(parameters, $"{layer}.{Down}"), Activations.Parse(config.Activation), isGated: false),
            IsParallel = IsParallel,
            NormsSums = NormsSums,
        };
    }

    private HeadProjection HeadProjection(ModelConfig config, ParameterSet parameters, string layer)
    {
        var (heads, keys, size) = (config.HeadCount, config.KeyValueHeadCount, config.HeadSize);
        var layout = IsInterleaved ? ProjectionLayout.Interleaved(size) : ProjectionLayout.Stacked(heads, keys, size);
        var fused = new FusedProjection(LinearLayer.Of(parameters, $"{layer}.{Projection}"), layout, Clip);
        return QueryKeyNorms is var (query, key)
            ? new NormedFusedProjection(
                fused, LayerNormLayer.Of(parameters, $"{layer}.{query}", config.NormEpsilon), LayerNormLayer.Of(parameters, $"{layer}.{key}", config.NormEpsilon),
                heads, keys, size)
            : fused;
    }
}
