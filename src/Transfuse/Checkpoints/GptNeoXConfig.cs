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

    /// <summary>Rotary positions; a quarter of each head unless said otherwise.</summary>
    public RopeParameters Rope { get; init; } = new() { PartialRotaryFactor = 0.25 };

    /// <summary>Whether attention and feed-forward part both read the block's input: h + attn(ln₁h) + mlp(ln₂h).</summary>
    public bool ParallelResidual { get; init; } = true;

    /// <summary>Whether the projections of attention have biases.</summary>
    public bool AttentionBias { get; init; } = true;

    /// <inheritdoc/>
    public override int ContextWindow => Rope.ContextWindow(MaxPositions);

    /// <inheritdoc/>
    public override bool HasOpenWindow => Rope.FollowsLength;

    private protected override ConfigKeys Keys => new() { NormEpsilon = "layer_norm_eps" };

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() => [.. base.Problems(), .. CheckHeads(HiddenSize, HeadCount), .. Rope.Problems(HeadSize)];

    internal static GptNeoXConfig Read(ConfigReader config)
    {
        // transformers takes the base from rope_parameters or rotary_emb_base only; a top-level rope_theta has no effect.
        config.Ignore("use_cache", "is_decoder", "rope_theta");
        var shared = ReadShared(config, Defaults);
        return shared with
        {
            Rope = RopeReader.Read(config, RopeKeys.GptNeoX, Defaults.Rope, shared.MaxPositions),
            ParallelResidual = config.Boolean("use_parallel_residual", true),
            AttentionBias = config.Boolean("attention_bias", true),
        };
    }

    /// <summary>What transformers 5 takes for keys that a file does not have.</summary>
    internal static GptNeoXConfig Defaults => new()
    {
        VocabularySize = 50432,
        HiddenSize = 6144,
        IntermediateSize = 24576,
        LayerCount = 44,
        HeadCount = 64,
        MaxPositions = 2048,
        BosId = 0,
        EosIds = [2],
    };

    private protected override void WriteKeys(Utf8JsonWriter json)
    {
        WriteShape(json);
        json.WriteReal(RopeKeys.GptNeoX.PartialFactor, Rope.PartialRotaryFactor);
        RopeWriter.Write(json, RopeKeys.GptNeoX, Rope, MaxPositions, writePartial: true);
        json.WriteBoolean("use_parallel_residual", ParallelResidual);
        json.WriteBoolean("attention_bias", AttentionBias);
    }
}
