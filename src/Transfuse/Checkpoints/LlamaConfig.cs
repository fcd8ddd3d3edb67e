using System.Text.Json;

namespace Transfuse.Checkpoints;

/// <summary>Configuration of the Llama family (<c>llama</c>): Llama 1 to 3, OpenLLaMA, TinyLlama, SmolLM2, CodeLlama.</summary>
public sealed record LlamaConfig : ModelConfig
{
    /// <summary>The value of <c>model_type</c>.</summary>
    public const string Type = "llama";

    /// <inheritdoc/>
    public override string ModelType => Type;

    /// <inheritdoc/>
    public override string ArchitectureName => "LlamaForCausalLM";

    /// <summary>Key and value heads; null for as many as query heads.</summary>
    public int? KeyValueHeads { get; init; }

    /// <summary>Elements of a head; null for hidden size / heads.</summary>
    public int? HeadDimension { get; init; }

    /// <inheritdoc/>
    public override int KeyValueHeadCount => KeyValueHeads ?? HeadCount;

    /// <inheritdoc/>
    public override int HeadSize => HeadDimension ?? (HeadCount > 0 ? HiddenSize / HeadCount : 0);

    /// <inheritdoc/>
    public override double NormEpsilon { get; init; } = 1e-6;

    /// <inheritdoc/>
    public override bool TiesEmbeddings { get; init; }

    /// <summary>Name of the gate's activation.</summary>
    public string Activation { get; init; } = "silu";

    /// <summary>Rotary positions.</summary>
    public RopeParameters Rope { get; init; } = new();

    /// <summary>Whether the four projections of attention have biases.</summary>
    public bool AttentionBias { get; init; }

    /// <summary>Whether the three projections of the feed-forward part have biases.</summary>
    public bool MlpBias { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() =>
    [
        .. base.Problems(),
        .. HeadDimension is null ? CheckHeads(HiddenSize, HeadCount) : [],
        .. CheckRope(Rope, HeadSize),
        .. Activations.Check("hidden_act", Activation),
    ];

    internal static LlamaConfig Read(ConfigReader config)
    {
        config.Ignore("pretraining_tp", "use_cache");
        return new LlamaConfig
        {
            VocabularySize = Size(config, "vocab_size", 32000),
            HiddenSize = Size(config, "hidden_size", 4096),
            IntermediateSize = Size(config, "intermediate_size", 11008),
            LayerCount = Size(config, "num_hidden_layers", 32),
            HeadCount = Size(config, "num_attention_heads", 32),
            KeyValueHeads = config.OptionalInt32("num_key_value_heads", 1, 1 << 16),
            HeadDimension = config.OptionalInt32("head_dim", 1, 1 << 16),
            MaxPositions = config.Int32("max_position_embeddings", 2048),
            NormEpsilon = config.Real("rms_norm_eps", 1e-6, 0, 1),
            Activation = config.Text("hidden_act", "silu"),
            Rope = RopeParameters.Read(config, "rope_theta", "partial_rotary_factor", new RopeParameters()),
            AttentionBias = config.Boolean("attention_bias", false),
            MlpBias = config.Boolean("mlp_bias", false),
            TiesEmbeddings = config.Boolean("tie_word_embeddings", false),
            InitializerRange = config.Real("initializer_range", 0.02, 0, 100),
            BosId = config.Has("bos_token_id") ? config.OptionalInt32("bos_token_id", -1) : 1,
            EosIds = config.Ids("eos_token_id", [2]),
            PadId = config.OptionalInt32("pad_token_id", -1),
        };
    }

    private protected override void WriteKeys(Utf8JsonWriter json)
    {
        json.WriteNumber("hidden_size", HiddenSize);
        json.WriteNumber("intermediate_size", IntermediateSize);
        json.WriteNumber("num_hidden_layers", LayerCount);
        json.WriteNumber("num_attention_heads", HeadCount);
        json.WriteNumber("num_key_value_heads", KeyValueHeadCount);
        json.WriteNumber("head_dim", HeadSize);
        json.WriteNumber("max_position_embeddings", MaxPositions);
        json.WriteReal("rms_norm_eps", NormEpsilon);
        json.WriteString("hidden_act", Activation);
        Rope.Write(json, "rope_theta", writePartial: Rope.PartialRotaryFactor != 1);
        json.WriteBoolean("attention_bias", AttentionBias);
        json.WriteBoolean("mlp_bias", MlpBias);
    }
}
