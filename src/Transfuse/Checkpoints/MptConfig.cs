using System.Text.Json;

namespace Transfuse.Checkpoints;

/// <summary>Configuration of MPT (<c>mpt</c>). Keys that transformers ignores but MosaicML's own code honours are honoured.</summary>
public sealed record MptConfig : ModelConfig
{
    /// <summary>The value of <c>model_type</c>.</summary>
    public const string Type = "mpt";

    private const string InverseRoot = "inv_sqrt_d_model";
    private const string LayerNormName = "low_precision_layernorm";

    /// <inheritdoc/>
    public override string ModelType => Type;

    /// <inheritdoc/>
    public override string ArchitectureName => "MptForCausalLM";

    /// <summary>Key and value heads; null for as many as query heads. transformers knows only that.</summary>
    public int? KeyValueHeads { get; init; }

    /// <inheritdoc/>
    public override int KeyValueHeadCount => KeyValueHeads ?? HeadCount;

    /// <inheritdoc/>
    public override int HeadSize => HeadCount > 0 ? HiddenSize / HeadCount : 0;

    /// <inheritdoc/>
    public override double NormEpsilon { get; init; } = 1e-5;

    /// <inheritdoc/>
    public override bool TiesEmbeddings { get; init; } = true;

    /// <summary>Whether scores fall with distance (ALiBi).</summary>
    public bool HasAlibi { get; init; } = true;

    /// <summary>Whether positions are learned where there is no ALiBi in their place.</summary>
    public bool LearnsPositions { get; init; } = true;

    /// <summary>Whether queries and keys have a layer norm, over all heads of a token.</summary>
    public bool NormsQueriesAndKeys { get; init; }

    /// <summary>ALiBi's largest exponent: the slopes are 2^(−i·max/heads).</summary>
    public double AlibiBiasMax { get; init; } = 8;

    /// <summary>Where set, the fused projection is clamped to ±this.</summary>
    public double? ClipQkv { get; init; }

    /// <summary>Factor on q·k; null for 1/√head size.</summary>
    public double? SoftmaxScale { get; init; }

    /// <summary>Factor on the logits.</summary>
    public double LogitScale { get; init; } = 1;

    /// <summary>Whether projections and norms have biases.</summary>
    public bool HasBias { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() => [.. base.Problems(), .. CheckHeads(HiddenSize, HeadCount)];

    /// <summary>What transformers would compute differently, as whole sentences; it ignores these keys.</summary>
    public IEnumerable<string> Differences()
    {
        if (AlibiBiasMax != 8)
        {
            yield return $"transformers ignores alibi_bias_max = {AlibiBiasMax} and uses 8.";
        }

        if (LogitScale != 1)
        {
            yield return "transformers ignores logit_scale.";
        }

        if (!HasAlibi || NormsQueriesAndKeys)
        {
            yield return "transformers cannot load this MPT as it is meant: it always uses ALiBi, and ignores wpe and qk_ln.";
        }

        if (KeyValueHeadCount != HeadCount || HasBias || IntermediateSize != 4 * HiddenSize)
        {
            yield return "transformers cannot load this MPT: it ignores kv_n_heads, no_bias = false and expansion_ratio.";
        }
    }

    internal static MptConfig Read(ConfigReader config)
    {
        config.Ignore("use_cache");
        var attention = config.Object("attn_config") ?? ConfigReader.Empty(config.Path);
        RefuseUnsupported(config, attention);
        var shared = ReadShared(config, Defaults);
        return shared with
        {
            HasAlibi = attention.Boolean("alibi", true),
            LearnsPositions = config.Boolean("learned_pos_emb", true),
            NormsQueriesAndKeys = attention.Boolean("qk_ln", false),
            IntermediateSize = (int)Math.Min(int.MaxValue, shared.HiddenSize * config.Real("expansion_ratio", 4, 1e-3, 1e3)),
            KeyValueHeads = attention.OptionalInt32("kv_n_heads", 1, 1 << 16),
            AlibiBiasMax = attention.Real("alibi_bias_max", 8, 0, 1e3),
            ClipQkv = attention.OptionalReal("clip_qkv", 0, 1e6),
            SoftmaxScale = attention.OptionalReal("softmax_scale", -1e6, 1e6),
            LogitScale = ReadLogitScale(config, shared.HiddenSize),
            HasBias = !config.Boolean("no_bias", true),
        };
    }

    /// <summary>What transformers 5 takes for keys that a file does not have.</summary>
    internal static MptConfig Defaults => new()
    {
        VocabularySize = 50368,
        HiddenSize = 2048,
        IntermediateSize = 8192,
        LayerCount = 24,
        HeadCount = 16,
        MaxPositions = 2048,
    };

    private protected override ConfigKeys Keys => new()
    {
        HiddenSize = "d_model",
        IntermediateSize = null,
        LayerCount = "n_layers",
        HeadCount = "n_heads",
        MaxPositions = "max_seq_len",
        NormEpsilon = "layer_norm_epsilon",
        Activation = null,
    };

    private protected override void WriteKeys(Utf8JsonWriter json)
    {
        WriteShape(json);
        WriteExpansion(json);
        json.WriteBoolean("no_bias", !HasBias);
        json.WriteString("norm_type", LayerNormName);
        json.WriteBoolean("learned_pos_emb", LearnsPositions);
        WriteOptional(json, "logit_scale", LogitScale == 1 ? null : LogitScale);
        json.WriteStartObject("attn_config");
        json.WriteString("attn_type", KeyValueHeads is null ? "multihead_attention" : "grouped_query_attention");
        if (KeyValueHeads is { } keyValueHeads)
        {
            json.WriteNumber("kv_n_heads", keyValueHeads);
        }

        json.WriteBoolean("alibi", HasAlibi);
        if (AlibiBiasMax == Math.Floor(AlibiBiasMax))
        {
            json.WriteNumber("alibi_bias_max", (long)AlibiBiasMax);
        }
        else
        {
            json.WriteReal("alibi_bias_max", AlibiBiasMax);
        }

        WriteOptional(json, "clip_qkv", ClipQkv);
        WriteOptional(json, "softmax_scale", SoftmaxScale);
        json.WriteBoolean("qk_ln", NormsQueriesAndKeys);
        json.WriteBoolean("prefix_lm", value: false);
        json.WriteEndObject();
    }

    private static void RefuseUnsupported(ConfigReader config, ConfigReader attention)
    {
        foreach (var key in (ReadOnlySpan<string>)["qk_gn", "prefix_lm", "rope"])
        {
            if (attention.Boolean(key, false))
            {
                throw attention.Wrong(key, "false; MPT with it is not supported");
            }
        }

        if (attention.OptionalInt32("sliding_window_size", int.MinValue) is >= 0)
        {
            throw attention.Wrong("sliding_window_size", "-1; MPT with a window is not supported");
        }

        if (attention.Text("attn_type", "multihead_attention") is "multiquery_attention")
        {
            throw attention.Wrong("attn_type", "multihead_attention, or grouped_query_attention with kv_n_heads 1");
        }

        var norm = config.Text("norm_type", LayerNormName);
        if (!norm.EndsWith("layernorm", StringComparison.Ordinal))
        {
            throw config.Wrong("norm_type", "a layer norm; MPT with another norm is not supported");
        }

        if (config.Object("ffn_config")?.Text("ffn_type", "mptmlp") is { } part and not "mptmlp")
        {
            throw config.Wrong("ffn_config", $"the type mptmlp; MPT with {part} is not supported");
        }
    }

    private static double ReadLogitScale(ConfigReader config, int hidden)
    {
        if (!config.IsText("logit_scale"))
        {
            return config.Real("logit_scale", 1, -1e6, 1e6);
        }

        return config.Text("logit_scale", "").Equals(InverseRoot, StringComparison.Ordinal)
            ? 1 / Math.Sqrt(hidden)
            : throw config.Wrong("logit_scale", $"a number or \"{InverseRoot}\"");
    }

    private void WriteExpansion(Utf8JsonWriter json)
    {
        if (IntermediateSize % HiddenSize == 0)
        {
            json.WriteNumber("expansion_ratio", IntermediateSize / HiddenSize);
        }
        else
        {
            json.WriteReal("expansion_ratio", (double)IntermediateSize / HiddenSize);
        }
    }

    private static void WriteOptional(Utf8JsonWriter json, string key, double? value)
    {
        if (value is { } number)
        {
            json.WriteReal(key, number);
        }
        else
        {
            json.WriteNull(key);
        }
    }
}
