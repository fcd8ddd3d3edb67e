using System.Text.Json.Nodes;
using Transfuse.Errors;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>
/// Rotary positions in GGUF: base, rotated dimensions and scaling are keys; llama3 and longrope are tensors of divisors of the frequencies.
/// </summary>
internal static class GgufRope
{
    /// <summary>Divisors of a model that always scales.</summary>
    internal const string Divisors = "rope_freqs.weight";

    /// <summary>Divisors of longrope for short inputs.</summary>
    internal const string ShortDivisors = "rope_factors_short.weight";

    /// <summary>Divisors of longrope for long inputs.</summary>
    internal const string LongDivisors = "rope_factors_long.weight";

    private const double DefaultBase = 10000;

    /// <summary>Keys (without the architecture's name) and tensors of a configuration.</summary>
    internal static void Export(
        GgufArchitecture architecture, ConfigTree config, int headSize, List<(string Key, object Value)> keys, List<(string Name, float[] Values)> tensors)
    {
        var (thetaKey, partialKey) = architecture.Rope!.Value;
        var rope = config.Object("rope_scaling") ?? config.Object("rope_parameters") ?? [];
        double? Value(string key) => config.NumberOf(rope[key] ?? config.Object("rope_parameters")?[key], key);
        var theta = Value("rope_theta") ?? config.Number(thetaKey) ?? DefaultBase;
        var dimensions = (int)(headSize * (Value("partial_rotary_factor") ?? config.Number(partialKey) ?? 1));
        if (dimensions != headSize && architecture.Tensors.Any(rule => rule.Order == RowOrder.QueryPairs))
        {
            throw new ModelFormatException(config.Path, $"rotates {dimensions} of {headSize} elements of a head, which GGUF's '{architecture.Name}' cannot say.");
        }

        keys.Add(("rope.dimension_count", (uint)dimensions));
        keys.Add(("rope.freq_base", (float)theta));
        ExportScaling(architecture, config, rope, theta, dimensions, keys, tensors);
    }

    private static void ExportScaling(
        GgufArchitecture architecture, ConfigTree config, JsonObject rope, double theta, int dimensions, List<(string Key, object Value)> keys,
        List<(string Name, float[] Values)> tensors)
    {
        var type = (rope["rope_type"] ?? rope["type"])?.GetValue<string>() ?? "default";
        double? Value(string key) => config.NumberOf(rope[key] ?? config.Object("rope_parameters")?[key], key);
        double Needed(string key) => Value(key) ?? throw config.Wrong(key, null, $"a number for RoPE scaling of type '{type}'");
        double Original() => Value("original_max_position_embeddings") ?? config.Number("original_max_position_embeddings") ?? config.Number("max_position_embeddings")
            ?? throw config.Wrong("original_max_position_embeddings", null, "a number");
        switch (type)
        {
            case "default":
                break;
            case "linear":
                AddScaling(keys, "linear", Needed("factor"), config.Count("max_position_embeddings"));
                break;
            case "yarn":
                AddScaling(keys, "yarn", Needed("factor"), Original());
                AddYarn(config, rope, keys, Needed("factor"), Value);
                break;
            case "llama3":
                if (!architecture.HasRopeDivisors)
                {
                    throw new ModelFormatException(config.Path, $"has RoPE scaling of type 'llama3', which GGUF's '{architecture.Name}' cannot say.");
                }

                tensors.Add((Divisors, Llama3Divisors(
                    theta, dimensions, Needed("factor"), Needed("low_freq_factor"), Needed("high_freq_factor"), Original())));
                break;
            case "longrope" or "su":
                keys.Add(("rope.scaling.type", "longrope"));
                keys.Add(("rope.scaling.original_context_length", (uint)Original()));
                keys.Add(("rope.scaling.attn_factor", LongRopeMagnitude(
                    Value("attention_factor"), Value("factor") ?? (config.Number("max_position_embeddings") ?? 1) / Original(), Original())));
                tensors.Add((LongDivisors, List(config, rope, "long_factor", dimensions / 2)));
                tensors.Add((ShortDivisors, List(config, rope, "short_factor", dimensions / 2)));
                break;
            default:
                throw new ModelFormatException(
                    config.Path, $"has RoPE scaling of type '{type}', which has no form in GGUF. Extend it with another method first, such as a fixed base.");
        }
    }

    /// <summary>Writes the keys of config.json.</summary>
    internal static void Import(GgufArchitecture architecture, GgufCheckpoint checkpoint, ConfigTree config, int headSize)
    {
        var metadata = checkpoint.Metadata;
        string Key(string suffix) => $"{architecture.Name}.rope.{suffix}";
        var (thetaKey, partialKey) = architecture.Rope!.Value;
        var theta = metadata.Real(Key("freq_base")) ?? DefaultBase;
        var dimensions = metadata.Int32(Key("dimension_count"), 2, headSize) ?? headSize;
        var rope = new JsonObject { ["rope_type"] = "default", ["rope_theta"] = ConfigTree.Real(theta) };
        config.Set(thetaKey, ConfigTree.Real(theta));
        if (dimensions != headSize || thetaKey is not "rope_theta")
        {
            config.Set(partialKey, (double)dimensions / headSize);
            rope["partial_rotary_factor"] = (double)dimensions / headSize;
        }

        ImportScaling(checkpoint, config, rope, Key);
        if (checkpoint.TryFind(Divisors, out var file, out var entry))
        {
            SetLlama3(rope, file.ReadSingles(entry), theta, dimensions, checkpoint.Path);
        }

        config.Set("rope_parameters", rope);
        if (!string.Equals(rope["rope_type"]!.GetValue<string>(), "default", StringComparison.Ordinal))
        {
            var scaling = (JsonObject)rope.DeepClone();
            scaling["type"] = rope["rope_type"]!.DeepClone();
            config.Set("rope_scaling", scaling);
        }
    }

    private static void ImportScaling(GgufCheckpoint checkpoint, ConfigTree config, JsonObject rope, Func<string, string> key)
    {
        var metadata = checkpoint.Metadata;
        var context = config.Count("max_position_embeddings");
        var original = metadata.Int32(key("scaling.original_context_length"), 1) ?? context;
        var factor = metadata.Real(key("scaling.factor")) ?? metadata.Real(key("scale_linear")) ?? 0;
        var type = metadata.Text(key("scaling.type")) ?? "linear";
        switch (type)
        {
            case "none":
            case "linear" when factor is 0 or 1:
                break;
            case "linear":
                SetScaling(rope, "linear", factor);
                config.Set("max_position_embeddings", original);
                break;
            case "yarn":
                SetScaling(rope, "yarn", factor);
                rope["original_max_position_embeddings"] = original;
                ReadYarn(metadata, key, rope, factor);
                break;
            case "longrope":
                rope["rope_type"] = "longrope";
                rope["original_max_position_embeddings"] = original;

                // Phi-3 asks for it here, and has a default that would win over the one inside.
                config.Set("original_max_position_embeddings", original);
                rope["attention_factor"] = ConfigTree.Real(metadata.Real(key("scaling.attn_factor")) ?? 1);
                rope["long_factor"] = ReadList(checkpoint, LongDivisors);
                rope["short_factor"] = ReadList(checkpoint, ShortDivisors);
                break;
            default:
                throw metadata.Wrong(key("scaling.type"), "none, linear, yarn or longrope");
        }
    }

    /// <summary>√(1 + ln s/ln L) for a factor s above 1 (Ding et al. 2024), unless the configuration names another.</summary>
    private static float LongRopeMagnitude(double? named, double factor, double original) =>
        (float)(named ?? (factor > 1 ? Math.Sqrt(1 + (Math.Log(factor) / Math.Log(original))) : 1));

    /// <summary>Divisor of each frequency: 1 for short waves, the factor for long ones, between them 1/((1 − s)/f + s) with s = (L/λ − a)/(b − a).</summary>
    internal static float[] Llama3Divisors(double theta, int dimensions, double factor, double low, double high, double original)
    {
        var divisors = new float[dimensions / 2];
        for (var j = 0; j < divisors.Length; j++)
        {
            var wave = 2 * Math.PI * Math.Pow(theta, 2.0 * j / dimensions);
            var smooth = Math.Clamp(((original / wave) - low) / (high - low), 0, 1);
            divisors[j] = (float)(1 / (((1 - smooth) / factor) + smooth));
        }

        return divisors;
    }

    /// <summary>
    /// Finds llama3's four numbers from the divisors. Only ratios of a, b and L act, so a = 1. Of two frequencies between the bounds
    /// s = p/λ − q gives b = 1 + 1/q and L = p/q; with fewer, many pairs do, and b = 4 is what models have.
    /// </summary>
    private static void SetLlama3(JsonObject rope, float[] divisors, double theta, int dimensions, string path)
    {
        var factor = divisors.Length == 0 ? 1 : Math.Round(divisors.Max(), 4);
        foreach (var (high, original) in Llama3Candidates(divisors, theta, dimensions, factor))
        {
            if (high > 1 && original is >= 1 and < int.MaxValue && divisors.Length == dimensions / 2
                && divisors.Zip(Llama3Divisors(theta, dimensions, factor, 1, high, original)).All(pair => Math.Abs(pair.First - pair.Second) <= 2e-3 * pair.First))
            {
                SetScaling(rope, "llama3", factor);
                rope["low_freq_factor"] = 1.0;
                rope["high_freq_factor"] = high;
                rope["original_max_position_embeddings"] = (int)original;
                return;
            }
        }

        throw new ModelFormatException(path, $"tensor '{Divisors}' holds divisors of frequencies that are none of llama3's; such a scaling has no form in config.json.");
    }

    private static IEnumerable<(double High, double Original)> Llama3Candidates(float[] divisors, double theta, int dimensions, double factor)
    {
        const double usual = 4;
        double Wave(int j) => 2 * Math.PI * Math.Pow(theta, 2.0 * j / dimensions);
        double Smooth(int j) => ((1 / divisors[j]) - (1 / factor)) / (1 - (1 / factor));
        int[] between = [.. Enumerable.Range(0, divisors.Length).Where(j => divisors[j] > 1 && divisors[j] < factor * (1 - 1e-5))];
        if (between.Length > 1)
        {
            var p = (Smooth(between[0]) - Smooth(between[^1])) / ((1 / Wave(between[0])) - (1 / Wave(between[^1])));
            var q = (p / Wave(between[0])) - Smooth(between[0]);
            yield return (Math.Round(1 + (1 / q), 2), Math.Round(p / q));
        }
        else if (between.Length == 1)
        {
            yield return (usual, Math.Round(Wave(between[0]) * ((3 * Smooth(between[0])) + 1)));
        }
        else if (Array.FindIndex(divisors, divisor => divisor > 1) is >= 0 and var scaled)
        {
            // The first scaled wave is as long as the window or longer, the last kept one at most a b-th of it.
            var original = Math.Floor(Wave(scaled));
            yield return (scaled == 0 ? usual : Math.Min(usual, original / Wave(scaled - 1)), original);
        }
    }

    private static void AddScaling(List<(string, object)> keys, string type, double factor, double original)
    {
        keys.Add(("rope.scaling.type", type));
        keys.Add(("rope.scaling.factor", (float)factor));
        keys.Add(("rope.scaling.original_context_length", (uint)original));
        keys.Add(("rope.scaling.finetuned", true));
    }

    // llama.cpp itself multiplies with 1 + 0.1·ln s, Hugging Face's default.
    private static void AddYarn(ConfigTree config, JsonObject rope, List<(string, object)> keys, double factor, Func<string, double?> value)
    {
        if (rope["truncate"] is JsonValue truncate && truncate.TryGetValue<bool>(out var cuts) && !cuts)
        {
            throw new ModelFormatException(config.Path, "has YaRN with 'truncate' false, which has no form in GGUF.");
        }

        double Magnitude(double scale) => factor > 1 ? (0.1 * scale * Math.Log(factor)) + 1 : 1;
        var (mscale, all) = (value("mscale") ?? 0, value("mscale_all_dim") ?? 0);
        var attention = value("attention_factor") ?? (mscale != 0 && all != 0 ? Magnitude(mscale) / Magnitude(all) : Magnitude(1));
        if (Math.Abs(attention - Magnitude(1)) > 1e-6)
        {
            keys.Add(("rope.scaling.attn_factor", (float)(attention / Magnitude(1))));
        }

        if (value("beta_fast") is { } fast && fast != 32)
        {
            keys.Add(("rope.scaling.yarn_beta_fast", (float)fast));
        }

        if (value("beta_slow") is { } slow && slow != 1)
        {
            keys.Add(("rope.scaling.yarn_beta_slow", (float)slow));
        }
    }

    private static void ReadYarn(GgufMetadata metadata, Func<string, string> key, JsonObject rope, double factor)
    {
        if (metadata.Real(key("scaling.attn_factor")) is { } attention && attention != 1)
        {
            rope["attention_factor"] = ConfigTree.Real(attention * (factor > 1 ? (0.1 * Math.Log(factor)) + 1 : 1));
        }

        if (metadata.Real(key("scaling.yarn_beta_fast")) is { } fast)
        {
            rope["beta_fast"] = ConfigTree.Real(fast);
        }

        if (metadata.Real(key("scaling.yarn_beta_slow")) is { } slow)
        {
            rope["beta_slow"] = ConfigTree.Real(slow);
        }
    }

    private static void SetScaling(JsonObject rope, string type, double factor)
    {
        rope["rope_type"] = type;
        rope["factor"] = ConfigTree.Real(factor);
    }

    private static float[] List(ConfigTree config, JsonObject rope, string key, int length) =>
        rope[key] is JsonArray list && list.Count == length
            ? [.. list.Select(item => (float)(config.NumberOf(item, key) ?? 0))]
            : throw config.Wrong(key, rope[key], $"a list of {length} numbers");

    private static JsonArray ReadList(GgufCheckpoint checkpoint, string tensor) => checkpoint.TryFind(tensor, out var file, out var entry)
        ? [.. file.ReadSingles(entry).Select(value => ConfigTree.Real(value))]
        : throw new ModelFormatException(checkpoint.Path, $"is scaled with longrope but lacks the tensor '{tensor}'.");
}
