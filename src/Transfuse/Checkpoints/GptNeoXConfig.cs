using System.Text.Json;

namespace Transfuse.Checkpoints;

/// <summary>Configuration of GPT-NeoX and Pythia (<c>gpt_neox</c>).</summary>
public sealed record GptNeoXConfig : ModelConfig
{
    /// <summary>The value of <c>model_type</c>.</summary>
    public const string Type = "gpt_neox";

    /// <inheritdoc/>
    public override string ModelType => Type;

    /// <inheritdoc/>
    public override string ArchitectureName => "GPTNeoXForCausalLM";

    /// <inheritdoc/>
    public override int KeyValueHeadCount => HeadCount;

    /// <inheritdoc/>
    public override int HeadSize => HeadCount > 0 ? HiddenSize / HeadCount : 0;

    /// <inheritdoc/>
    public override double NormEpsilon { get; init; } = 1e-5;

    /// <inheritdoc/>
    public override bool TiesEmbeddings { get; init; }

    /// <summary>Name of the feed-forward activation.</summary>
    public string Activation { get; init; } = "gelu";

    /// <summary>Rotary positions; a quarter of each head unless said otherwise.</summary>
    public RopeParameters Rope { get; init; } = new() { PartialRotaryFactor = 0.25 };

    /// <summary>Whether attention and feed-forward part both read the block's input: h + attn(ln₁h) + mlp(ln₂h).</summary>
    public bool ParallelResidual { get; init; } = true;

    /// <summary>Whether the projections of attention have biases.</summary>
    public bool AttentionBias { get; init; } = true;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() =>
    [
        .. base.Problems(),
        .. CheckHeads(HiddenSize, HeadCount),
        .. CheckRope(Rope, HeadSize),
        .. Activations.Check("hidden_act", Activation),
    ];

    internal static GptNeoXConfig Read(ConfigReader config)
    {
        // transformers takes the base from rope_parameters or rotary_emb_base only; a top-level rope_theta has no effect.
        config.Ignore("use_cache", "is_decoder", "rope_theta");
        return new GptNeoXConfig
        {
            VocabularySize = Size(config, "vocab_size", 50432),
            HiddenSize = Size(config, "hidden_size", 6144),
            IntermediateSize = Size(config, "intermediate_size", 24576),
            LayerCount = Size(config, "num_hidden_layers", 44),
            HeadCount = Size(config, "num_attention_heads", 64),
            MaxPositions = config.Int32("max_position_embeddings", 2048),
            NormEpsilon = config.Real("layer_norm_eps", 1e-5, 0, 1),
            Activation = config.Text("hidden_act", "gelu"),
            Rope = RopeParameters.Read(config, "rotary_emb_base", "rotary_pct", new RopeParameters { PartialRotaryFactor = 0.25 }),
            ParallelResidual = config.Boolean("use_parallel_residual", true),
            AttentionBias = config.Boolean("attention_bias", true),
            TiesEmbeddings = config.Boolean("tie_word_embeddings", false),
            InitializerRange = config.Real("initializer_range", 0.02, 0, 100),
            BosId = config.Has("bos_token_id") ? config.OptionalInt32("bos_token_id", -1) : 0,
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
        json.WriteNumber("max_position_embeddings", MaxPositions);
        json.WriteReal("layer_norm_eps", NormEpsilon);
        json.WriteString("hidden_act", Activation);
        json.WriteReal("rotary_pct", Rope.PartialRotaryFactor);
        Rope.Write(json, "rotary_emb_base", writePartial: true);
        json.WriteBoolean("use_parallel_residual", ParallelResidual);
        json.WriteBoolean("attention_bias", AttentionBias);
    }
}
