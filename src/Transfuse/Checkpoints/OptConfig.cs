using System.Text.Json;

namespace Transfuse.Checkpoints;

/// <summary>Configuration of OPT (<c>opt</c>) with norms before its parts: all published sizes but 350M.</summary>
public sealed record OptConfig : ModelConfig
{
    /// <summary>The value of <c>model_type</c>.</summary>
    public const string Type = "opt";

    /// <inheritdoc/>
    public override string ModelType => Type;

    /// <inheritdoc/>
    public override string ArchitectureName => "OPTForCausalLM";

    /// <inheritdoc/>
    public override int KeyValueHeadCount => HeadCount;

    /// <inheritdoc/>
    public override int HeadSize => HeadCount > 0 ? HiddenSize / HeadCount : 0;

    /// <inheritdoc/>
    public override double NormEpsilon { get; init; } = 1e-5;

    /// <inheritdoc/>
    public override bool TiesEmbeddings { get; init; } = true;

    /// <inheritdoc/>
    public override string Activation { get; init; } = "relu";

    /// <summary>Whether projections have biases.</summary>
    public bool HasBias { get; init; } = true;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() => [.. base.Problems(), .. CheckHeads(HiddenSize, HeadCount)];

    internal static OptConfig Read(ConfigReader config)
    {
        config.Ignore("use_cache");
        var shared = ReadShared(config, Defaults);
        Require(config, config.Boolean("do_layer_norm_before", true), "do_layer_norm_before", "true");
        Require(config, config.Boolean("layer_norm_elementwise_affine", true), "layer_norm_elementwise_affine", "true");
        Require(config, !config.Boolean("_remove_final_layer_norm", false), "_remove_final_layer_norm", "false");
        Require(
            config, config.Int32("word_embed_proj_dim", shared.HiddenSize) == shared.HiddenSize, "word_embed_proj_dim",
            $"{shared.HiddenSize}, the hidden size");
        return shared with { HasBias = config.Boolean("enable_bias", true) };
    }

    /// <summary>What transformers 5 takes for keys that a file does not have.</summary>
    internal static OptConfig Defaults => new()
    {
        VocabularySize = 50272,
        HiddenSize = 768,
        IntermediateSize = 3072,
        LayerCount = 12,
        HeadCount = 12,
        MaxPositions = 2048,
        BosId = 2,
        EosIds = [2],
        PadId = 1,
    };

    private protected override ConfigKeys Keys => new()
    {
        IntermediateSize = "ffn_dim",
        NormEpsilon = null,
        Activation = "activation_function",
        InitializerRange = "init_std",
    };

    private protected override void WriteKeys(Utf8JsonWriter json)
    {
        WriteShape(json);
        json.WriteNumber("word_embed_proj_dim", HiddenSize);
        json.WriteBoolean("do_layer_norm_before", value: true);
        json.WriteBoolean("enable_bias", HasBias);
    }

    private static void Require(ConfigReader config, bool holds, string key, string expected)
    {
        if (!holds)
        {
            throw config.Wrong(key, $"{expected}; other OPT models are not supported");
        }
    }
}
