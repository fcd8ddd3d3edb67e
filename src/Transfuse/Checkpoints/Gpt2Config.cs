using System.Text.Json;

namespace Transfuse.Checkpoints;

/// <summary>Configuration of GPT-2 (<c>gpt2</c>).</summary>
public sealed record Gpt2Config : ModelConfig
{
    /// <summary>The value of <c>model_type</c>.</summary>
    public const string Type = "gpt2";

    /// <inheritdoc/>
    public override string ModelType => Type;

    /// <inheritdoc/>
    public override string ArchitectureName => "GPT2LMHeadModel";

    /// <inheritdoc/>
    public override int KeyValueHeadCount => HeadCount;

    /// <inheritdoc/>
    public override int HeadSize => HeadCount > 0 ? HiddenSize / HeadCount : 0;

    /// <inheritdoc/>
    public override double NormEpsilon { get; init; } = 1e-5;

    /// <inheritdoc/>
    public override bool TiesEmbeddings { get; init; } = true;

    /// <inheritdoc/>
    public override string Activation { get; init; } = "gelu_new";

    /// <summary>Whether scores are divided by √head size.</summary>
    public bool ScalesByHeadSize { get; init; } = true;

    /// <summary>Whether the scores of layer i, counted from 0, are divided by i + 1 as well.</summary>
    public bool ScalesByLayer { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() => [.. base.Problems(), .. CheckHeads(HiddenSize, HeadCount)];

    internal static Gpt2Config Read(ConfigReader config)
    {
        // n_ctx is an older name of n_positions and was never read.
        config.Ignore("use_cache", "n_ctx");
        var shared = ReadShared(config, Defaults);
        return shared with
        {
            IntermediateSize = config.OptionalInt32("n_inner", 1, 1 << 24) ?? (int)Math.Min(int.MaxValue, 4L * shared.HiddenSize),
            ScalesByHeadSize = config.Boolean("scale_attn_weights", true),
            ScalesByLayer = config.Boolean("scale_attn_by_inverse_layer_idx", false),
        };
    }

    /// <summary>What transformers 5 takes for keys that a file does not have.</summary>
    internal static Gpt2Config Defaults => new()
    {
        VocabularySize = 50257,
        HiddenSize = 768,
        IntermediateSize = 3072,
        LayerCount = 12,
        HeadCount = 12,
        MaxPositions = 1024,
        BosId = 50256,
        EosIds = [50256],
    };

    private protected override ConfigKeys Keys => new()
    {
        HiddenSize = "n_embd",
        IntermediateSize = null,
        LayerCount = "n_layer",
        HeadCount = "n_head",
        MaxPositions = "n_positions",
        NormEpsilon = "layer_norm_epsilon",
        Activation = "activation_function",
    };

    private protected override void WriteKeys(Utf8JsonWriter json)
    {
        WriteShape(json);
        json.WriteNumber("n_inner", IntermediateSize);
        json.WriteBoolean("scale_attn_weights", ScalesByHeadSize);
        json.WriteBoolean("scale_attn_by_inverse_layer_idx", ScalesByLayer);
    }
}
