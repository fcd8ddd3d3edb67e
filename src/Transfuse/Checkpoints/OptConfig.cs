using System.Text.Json;

namespace Transfuse.Checkpoints;

/// <summary>Configuration of OPT (<c>opt</c>).</summary>
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

    /// <summary>Width of embedding and head; null for the hidden size. Another width is projected to and from it (OPT-350M).</summary>
    public int? EmbeddingSize { get; init; }

    /// <summary>Whether norms go before attention and feed-forward part, not after each sum (OPT-350M).</summary>
    public bool NormsFirst { get; init; } = true;

    /// <summary>Whether a norm that the model would have after its last block is left out.</summary>
    public bool LacksFinalNorm { get; init; }

    /// <summary>Whether there is a norm after the last block; norms after the sums leave nothing for it.</summary>
    internal bool HasFinalNorm => NormsFirst && !LacksFinalNorm;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() => [.. base.Problems(), .. CheckHeads(HiddenSize, HeadCount)];

    internal static OptConfig Read(ConfigReader config)
    {
        config.Ignore("use_cache");
        var shared = ReadShared(config, Defaults);
        if (!config.Boolean("layer_norm_elementwise_affine", true))
        {
            throw config.Wrong("layer_norm_elementwise_affine", "true; norms without weights are not supported");
        }

        var width = Size(config, "word_embed_proj_dim", shared.HiddenSize);
        return shared with
        {
            HasBias = config.Boolean("enable_bias", true),
            EmbeddingSize = width == shared.HiddenSize ? null : width,
            NormsFirst = config.Boolean("do_layer_norm_before", true),
            LacksFinalNorm = config.Boolean("_remove_final_layer_norm", false),
        };
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
        json.WriteNumber("word_embed_proj_dim", EmbeddingSize ?? HiddenSize);
        json.WriteBoolean("do_layer_norm_before", NormsFirst);
        json.WriteBoolean("_remove_final_layer_norm", LacksFinalNorm);
        json.WriteBoolean("enable_bias", HasBias);
    }
}
