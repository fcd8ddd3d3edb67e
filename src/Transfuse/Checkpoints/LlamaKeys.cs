using System.Text.Json;

namespace Transfuse.Checkpoints;

/// <summary>The keys of the Llama family's members beyond those that every architecture has.</summary>
internal static class LlamaKeys
{
    private const string Sliding = "sliding_attention";
    private const string Full = "full_attention";

    internal static ConfigKeys Of(LlamaVariant variant) =>
        variant.HasSoftCaps ? new ConfigKeys { Activation = "hidden_activation" } : new ConfigKeys();

    /// <summary><paramref name="shared"/> with the keys of its variant.</summary>
    internal static LlamaConfig Read(ConfigReader config, LlamaConfig shared, LlamaConfig defaults)
    {
        var variant = shared.Variant;
        var result = shared with
        {
            KeyValueHeads = config.Has("num_key_value_heads") ? config.OptionalInt32("num_key_value_heads", 1, 1 << 16) : defaults.KeyValueHeads,
            HeadDimension = config.OptionalInt32("head_dim", 1, 1 << 16) ?? defaults.HeadDimension,
            AttentionBias = variant.HasAttentionBiasKey && config.Boolean("attention_bias", false),
            MlpBias = variant.HasMlpBiasKey && config.Boolean("mlp_bias", false),
            Activation = ReadActivation(config, shared),
        };
        result = variant.HasLocalRope ? ReadTwoRopes(config, result, defaults) : result with { Rope = ReadRope(config, result, defaults) };
        result = variant.HasSoftCaps ? ReadSoftCaps(config, result, defaults) : result;
        result = variant.HasMultipliers ? ReadMultipliers(config, result) : result;
        result = variant.OmitsRope ? ReadRopeLayers(config, result) : result;
        return ReadWindows(config, result, defaults);
    }

    /// <summary>Writes what <see cref="Read"/> reads.</summary>
    internal static void Write(Utf8JsonWriter json, LlamaConfig config)
    {
        var (variant, rope) = (config.Variant, config.Rope);
        json.WriteNumber("num_key_value_heads", config.KeyValueHeadCount);
        json.WriteNumber("head_dim", config.HeadSize);
        if (variant.HasLocalRope)
        {
            RopeWriter.WriteByLayerType(json, rope, config.LocalRope, config.MaxPositions);
        }
        else
        {
            // The share stands at the top level as well, because Phi-3's rope_scaling has no room for it.
            var writePartial = rope.PartialRotaryFactor != 1;
            if (writePartial)
            {
                json.WriteReal(RopeKeys.Common.PartialFactor, rope.PartialRotaryFactor);
            }

            RopeWriter.Write(json, RopeKeys.Common, rope, config.MaxPositions, writePartial);
        }

        WriteFlags(json, config);
        WriteWindows(json, config);
        if (variant.HasSoftCaps)
        {
            json.WriteReal("query_pre_attn_scalar", config.QueryPreAttentionScalar ?? config.HeadSize);
            WriteOptional(json, "attn_logit_softcapping", config.AttentionSoftCap);
            WriteOptional(json, "final_logit_softcapping", config.FinalSoftCap);
        }

        if (variant.HasMultipliers)
        {
            json.WriteReal("embedding_multiplier", config.EmbeddingMultiplier);
            json.WriteReal("residual_multiplier", config.ResidualMultiplier);
            json.WriteReal("attention_multiplier", config.AttentionMultiplier ?? 1 / Math.Sqrt(config.HeadSize));
            json.WriteReal("logits_scaling", config.LogitsDivisor);
        }
    }

    /// <summary>Gemma's first files say "gelu" and mean the tanh form; Gemma 2 and 3 have a key that replaces <c>hidden_act</c>.</summary>
    private static string ReadActivation(ConfigReader config, LlamaConfig shared)
    {
        if (!shared.Variant.IsGemma)
        {
            return shared.Activation;
        }

        config.Ignore("hidden_act", "hidden_activation");
        return shared.Variant == LlamaVariant.Gemma && shared.Activation is "gelu" ? "gelu_pytorch_tanh" : shared.Activation;
    }

    private static RopeParameters ReadRope(ConfigReader config, LlamaConfig shared, LlamaConfig defaults)
    {
        var keys = shared.Variant == LlamaVariant.Phi3 ? RopeKeys.Phi3 : RopeKeys.Common;
        return RopeReader.Read(config, keys, defaults.Rope, shared.MaxPositions);
    }

    private static LlamaConfig ReadTwoRopes(ConfigReader config, LlamaConfig shared, LlamaConfig defaults)
    {
        var (full, sliding) = RopeReader.ReadByLayerType(config, defaults.Rope, defaults.LocalRope, shared.MaxPositions);
        return shared with { Rope = full, LocalRope = sliding };
    }

    private static LlamaConfig ReadSoftCaps(ConfigReader config, LlamaConfig shared, LlamaConfig defaults) => shared with
    {
        QueryPreAttentionScalar = config.Real("query_pre_attn_scalar", defaults.QueryPreAttentionScalar!.Value, 1e-6, 1e9),
        AttentionSoftCap = ReadCap(config, "attn_logit_softcapping", defaults.AttentionSoftCap),
        FinalSoftCap = ReadCap(config, "final_logit_softcapping", defaults.FinalSoftCap),
    };

    private static double? ReadCap(ConfigReader config, string key, double? fallback) =>
        config.Has(key) ? config.OptionalReal(key, 1e-6, 1e6) : fallback;

    private static LlamaConfig ReadMultipliers(ConfigReader config, LlamaConfig shared) => shared with
    {
        EmbeddingMultiplier = config.Real("embedding_multiplier", 1, -1e6, 1e6),
        ResidualMultiplier = config.Real("residual_multiplier", 1, -1e6, 1e6),
        AttentionMultiplier = config.Real("attention_multiplier", 1, -1e6, 1e6),
        LogitsDivisor = config.Real("logits_scaling", 1, 1e-6, 1e6),
    };

    private static LlamaConfig ReadRopeLayers(ConfigReader config, LlamaConfig shared)
    {
        var interval = config.Int32("no_rope_layer_interval", 4);
        var layers = config.Flags("no_rope_layers") ?? [.. Enumerable.Range(1, shared.LayerCount).Select(number => number % interval != 0)];
        return layers.Count == shared.LayerCount
            ? shared with { RopeLayers = layers }
            : throw config.Wrong("no_rope_layers", $"{shared.LayerCount} entries, one a layer");
    }

    private static LlamaConfig ReadWindows(ConfigReader config, LlamaConfig shared, LlamaConfig defaults)
    {
        var placement = shared.Variant.Windows;
        if (placement == WindowPlacement.Nowhere)
        {
            return shared;
        }

        var window = config.Has("sliding_window") ? config.OptionalInt32("sliding_window", 1) : defaults.SlidingWindow;
        if (placement == WindowPlacement.Everywhere)
        {
            return shared with { SlidingWindow = window };
        }

        var listed = ReadLayerTypes(config);
        if (placement == WindowPlacement.Pattern)
        {
            var usual = shared.Variant.HasLocalRope ? 6 : 2;
            var pattern = config.Int32("sliding_window_pattern", config.Int32("_sliding_window_pattern", usual));
            return shared with
            {
                SlidingWindow = window,
                SlidingLayers = listed ?? [.. Enumerable.Range(1, shared.LayerCount).Select(number => number % pattern != 0)],
            };
        }

        // Published files of Qwen state a window that they do not use.
        var first = config.Int32("max_window_layers", 28, 0);
        return !config.Boolean("use_sliding_window", false) || window is null
            ? shared with { SlidingWindow = null }
            : shared with { SlidingWindow = window, SlidingLayers = listed ?? [.. Enumerable.Range(0, shared.LayerCount).Select(Slides)] };

        bool Slides(int layer) => shared.RopeLayers.Count > 0 ? !shared.RopeLayers[layer] : layer >= first;
    }

    private static IReadOnlyList<bool>? ReadLayerTypes(ConfigReader config) => config.Texts("layer_types") is not { } types
        ? null
        : [.. types.Select(type => type is Sliding or Full
            ? type is Sliding
            : throw config.Wrong("layer_types", $"a list of \"{Full}\" and \"{Sliding}\""))];

    private static void WriteFlags(Utf8JsonWriter json, LlamaConfig config)
    {
        if (config.Variant.HasAttentionBiasKey)
        {
            json.WriteBoolean("attention_bias", config.AttentionBias);
        }

        if (config.Variant.HasMlpBiasKey)
        {
            json.WriteBoolean("mlp_bias", config.MlpBias);
        }

        if (config.Variant.IsGemma)
        {
            // The other of the two names, for older versions.
            json.WriteString(config.Variant.HasSoftCaps ? "hidden_act" : "hidden_activation", config.Activation);
        }

        if (config.Variant.OmitsRope)
        {
            json.WriteStartArray("no_rope_layers");
            for (var layer = 0; layer < config.LayerCount; layer++)
            {
                json.WriteNumberValue(config.RopeOf(layer) is null ? 0 : 1);
            }

            json.WriteEndArray();
        }
    }

    private static void WriteWindows(Utf8JsonWriter json, LlamaConfig config)
    {
        var placement = config.Variant.Windows;
        if (placement == WindowPlacement.Nowhere)
        {
            return;
        }

        json.WriteId("sliding_window", config.SlidingWindow);
        if (placement == WindowPlacement.Everywhere)
        {
            return;
        }

        bool[] slides = [.. Enumerable.Range(0, config.LayerCount).Select(layer => config.WindowOf(layer) > 0)];
        json.WriteStartArray("layer_types");
        foreach (var layer in slides)
        {
            json.WriteStringValue(layer ? Sliding : Full);
        }

        json.WriteEndArray();
        if (placement == WindowPlacement.OnRequest)
        {
            json.WriteBoolean("use_sliding_window", config.SlidingWindow is not null);
            json.WriteNumber("max_window_layers", Array.IndexOf(slides, true) is >= 0 and var first ? first : config.LayerCount);
        }
        else if (config.Variant.HasLocalRope)
        {
            json.WriteNumber("sliding_window_pattern", Array.IndexOf(slides, false) is >= 0 and var full ? full + 1 : config.LayerCount + 1);
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
