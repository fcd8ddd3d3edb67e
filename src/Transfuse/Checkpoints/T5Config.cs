using System.Text.Json;
using Transfuse.Tensors.Devices;

namespace Transfuse.Checkpoints;

/// <summary>Configuration of T5 (<c>t5</c>): the original, v1.1, Flan and mT5-like variants. <see cref="ModelConfig.LayerCount"/> counts the encoder's blocks.</summary>
public sealed record T5Config : ModelConfig
{
    /// <summary>The value of <c>model_type</c>.</summary>
    public const string Type = "t5";

    private const string Gated = "gated-";

    /// <inheritdoc/>
    public override string ModelType => Type;

    /// <inheritdoc/>
    public override string ArchitectureName => "T5ForConditionalGeneration";

    /// <summary>Number of the decoder's blocks.</summary>
    public required int DecoderLayerCount { get; init; }

    /// <summary>Elements of a head; heads·elements need not be the hidden size.</summary>
    public required int HeadDimension { get; init; }

    /// <inheritdoc/>
    public override int KeyValueHeadCount => HeadCount;

    /// <inheritdoc/>
    public override int HeadSize => HeadDimension;

    /// <inheritdoc/>
    public override double NormEpsilon { get; init; } = 1e-6;

    /// <inheritdoc/>
    public override bool TiesEmbeddings { get; init; } = true;

    /// <summary>Whether the decoder's output is multiplied by hidden size^(−1/2) before the head; null for where the head is tied.</summary>
    public bool? ScalesDecoderOutputs { get; init; }

    /// <summary>The feed-forward part, as <c>feed_forward_proj</c> names it: an activation, or one behind <c>gated-</c>.</summary>
    public string FeedForward { get; init; } = "relu";

    /// <summary>Rows of the table of relative positions.</summary>
    public int RelativeBuckets { get; init; } = 32;

    /// <summary>Distance from which on all relative positions are alike.</summary>
    public int RelativeMaxDistance { get; init; } = 128;

    /// <summary>Share of values that training drops.</summary>
    public double DropoutRate { get; init; } = 0.1;

    /// <summary>Factor on the standard deviations of initial weights.</summary>
    public double InitializerFactor { get; init; } = 1;

    /// <summary>Id that the decoder begins with.</summary>
    public int DecoderStartId { get; init; }

    /// <summary>Whether the feed-forward part has a gate.</summary>
    public bool IsGated => FeedForward.StartsWith(Gated, StringComparison.Ordinal);

    /// <summary>Whether the decoder's output is scaled before the head.</summary>
    public bool ScalesHead => ScalesDecoderOutputs ?? TiesEmbeddings;

    // "gated-gelu" means the tanh form, in files from before the others existed.
    internal string ActivationName => string.Equals(FeedForward, "gated-gelu", StringComparison.Ordinal) ? "gelu_new" : IsGated ? FeedForward[Gated.Length..] : FeedForward;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() =>
    [
        .. base.Problems(),
        .. DecoderLayerCount is < 1 or > 4096 ? [$"the number of decoder layers is {DecoderLayerCount}, expected 1 to 4096"] : Array.Empty<string>(),
        .. Activations.Check("feed_forward_proj", ActivationName),
        .. new RelativeBuckets(RelativeBuckets, RelativeMaxDistance, IsBidirectional: true).Problems().Select(problem => $"relative attention has {problem}"),
        .. new RelativeBuckets(RelativeBuckets, RelativeMaxDistance, IsBidirectional: false).Problems().Select(problem => $"the decoder's relative attention has {problem}"),
        .. DropoutRate is >= 0 and < 1 ? Array.Empty<string>() : [$"key 'dropout_rate' is {DropoutRate}, expected 0 to less than 1"],
        .. DecoderStartId >= 0 && DecoderStartId < VocabularySize
            ? Array.Empty<string>() : [$"key 'decoder_start_token_id' is {DecoderStartId}, outside the vocabulary of {VocabularySize}"],
    ];

    internal static T5Config Read(ConfigReader config)
    {
        // The first two follow from feed_forward_proj; this is always an encoder and decoder.
        config.Ignore("dense_act_fn", "is_gated_act", "is_encoder_decoder", "is_decoder", "use_cache", "initializer_range");
        var layers = Size(config, "num_layers", 6);
        return new T5Config
        {
            VocabularySize = Size(config, "vocab_size", 32128),
            HiddenSize = Size(config, "d_model", 512),
            IntermediateSize = Size(config, "d_ff", 2048),
            HeadDimension = config.Int32("d_kv", 64, 1, 1 << 16),
            LayerCount = layers,
            DecoderLayerCount = Size(config, "num_decoder_layers", layers),
            HeadCount = Size(config, "num_heads", 8),
            MaxPositions = config.Int32("n_positions", 512),
            RelativeBuckets = config.Int32("relative_attention_num_buckets", 32, 1, 1 << 16),
            RelativeMaxDistance = config.Int32("relative_attention_max_distance", 128),
            NormEpsilon = config.Real("layer_norm_epsilon", 1e-6, 0, 1),
            DropoutRate = config.Real("dropout_rate", 0.1, 0, 1),
            InitializerFactor = config.Real("initializer_factor", 1, 0, 1000),
            FeedForward = config.Text("feed_forward_proj", "relu"),
            TiesEmbeddings = config.Boolean("tie_word_embeddings", true),
            ScalesDecoderOutputs = config.Has("scale_decoder_outputs") ? config.Boolean("scale_decoder_outputs", false) : null,
            DecoderStartId = config.Int32("decoder_start_token_id", 0, 0),
            BosId = config.OptionalInt32("bos_token_id", -1),
            EosIds = config.Ids("eos_token_id", [1]),
            PadId = config.Has("pad_token_id") ? config.OptionalInt32("pad_token_id", -1) : 0,
        };
    }

    private protected override void WriteKeys(Utf8JsonWriter json)
    {
        json.WriteBoolean("is_encoder_decoder", value: true);
        json.WriteNumber("d_model", HiddenSize);
        json.WriteNumber("d_ff", IntermediateSize);
        json.WriteNumber("d_kv", HeadDimension);
        json.WriteNumber("num_layers", LayerCount);
        json.WriteNumber("num_decoder_layers", DecoderLayerCount);
        json.WriteNumber("num_heads", HeadCount);
        json.WriteNumber("n_positions", MaxPositions);
        json.WriteNumber("relative_attention_num_buckets", RelativeBuckets);
        json.WriteNumber("relative_attention_max_distance", RelativeMaxDistance);
        json.WriteReal("layer_norm_epsilon", NormEpsilon);
        json.WriteReal("dropout_rate", DropoutRate);
        json.WriteReal("initializer_factor", InitializerFactor);
        json.WriteString("feed_forward_proj", FeedForward);
        json.WriteNumber("decoder_start_token_id", DecoderStartId);
        if (ScalesHead != TiesEmbeddings)
        {
            json.WriteBoolean("scale_decoder_outputs", ScalesHead);
        }
    }
}
