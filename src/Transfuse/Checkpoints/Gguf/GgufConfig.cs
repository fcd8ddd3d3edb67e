using System.Text.Json;
using System.Text.Json.Nodes;
using Transfuse.Errors;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>The keys of a GGUF file that describe the model, and <c>config.json</c>: each from the other.</summary>
internal static class GgufConfig
{
    /// <summary>Key under which the whole config.json is kept, so that nothing is lost on the way back.</summary>
    internal const string StoredKey = "transfuse.config.json";

    private const string WindowKey = "sliding_window";
    private const string Sliding = "sliding_attention";
    private const string Full = "full_attention";

    private static readonly (string Gguf, string Config)[] Tokens =
        [("bos", "bos_token_id"), ("eos", "eos_token_id"), ("padding", "pad_token_id")];

    /// <summary>The text of a config.json for a GGUF model, and whether it is the stored one, whose factors are in the weights.</summary>
    /// <exception cref="ModelFormatException">A key is missing or holds what it cannot.</exception>
    internal static (string Json, bool IsStored) Import(GgufArchitecture architecture, GgufCheckpoint checkpoint, bool isTied)
    {
        if (Stored(architecture, checkpoint) is { } stored)
        {
            return (stored, true);
        }

        var metadata = checkpoint.Metadata;
        var config = new ConfigTree([], checkpoint.Path);
        config.Set("model_type", architecture.ModelType);
        foreach (var (key, values) in architecture.Implied)
        {
            config.Set(key, JsonNode.Parse(values[0]));
        }

        foreach (var rule in architecture.Keys)
        {
            ImportKey(architecture, metadata, config, rule);
        }

        bool Has(string tensor) => checkpoint.TryFind(tensor, out _, out _);
        foreach (var derived in architecture.Derived)
        {
            config.Set(derived.Config, derived.Value(GgufGeometry.Of(architecture, config)));
        }

        foreach (var (key, tensor) in architecture.Flags)
        {
            config.Set(key, GgufArchitecture.Holds(tensor, Has));
        }

        if (architecture.Told is { } told)
        {
            config.Set(told.Key, GgufArchitecture.Holds(told.Tensor, Has) ? told.With : told.Without);
        }

        config.Set("vocab_size", checkpoint.TryFind(GgufArchitecture.Embedding, out _, out var embedding)
            ? embedding.Rows
            : throw new ModelFormatException(checkpoint.Path, $"lacks the tensor '{GgufArchitecture.Embedding}'; it holds a vocabulary only, or is damaged."));
        config.Set("tie_word_embeddings", isTied);
        foreach (var (gguf, key) in Tokens)
        {
            config.Set(key, metadata.Int32($"tokenizer.ggml.{gguf}_token_id") is { } id ? id : null);
        }

        if (architecture.Rope is not null)
        {
            GgufRope.Import(architecture, checkpoint, config, GgufGeometry.Of(architecture, config).HeadSize);
        }

        return (config.Root.ToJsonString(), false);
    }

    /// <summary>Keys and extra tensors of a configuration.</summary>
    /// <exception cref="ModelFormatException">A key is missing, or GGUF cannot say what it holds.</exception>
    internal static (List<(string Key, object Value)> Keys, List<(string Name, float[] Values)> Tensors) Export(GgufArchitecture architecture, ConfigTree config)
    {
        List<(string Key, object Value)> keys = [("vocab_size", (uint)config.Count("vocab_size"))];
        List<(string Name, float[] Values)> tensors = [];
        var geometry = GgufGeometry.Of(architecture, config);
        CheckImplied(architecture, config, geometry);
        CheckTold(architecture, config);
        CheckUnsayable(architecture, config);
        foreach (var rule in architecture.Keys)
        {
            if (ExportKey(config, rule, geometry.Hidden) is { } value)
            {
                keys.Add((rule.Gguf, value));
            }
        }

        if (architecture.Rope is not null)
        {
            GgufRope.Export(architecture, config, geometry.HeadSize, keys, tensors);
        }

        SetContext(architecture, config, keys);

        return ([.. keys.Select(key => ($"{architecture.Name}.{key.Key}", key.Value))], tensors);
    }

    private static void ImportKey(GgufArchitecture architecture, GgufMetadata metadata, ConfigTree config, GgufKeyRule rule)
    {
        var key = $"{architecture.Name}.{rule.Gguf}";
        JsonNode? value = rule.Kind switch
        {
            GgufKeyKind.UInt32 => metadata.Int32(key),
            GgufKeyKind.Single => metadata.Real(key) is { } real ? ConfigTree.Real(real) : null,
            GgufKeyKind.Boolean or GgufKeyKind.Folded => metadata.Boolean(key),
            GgufKeyKind.Text => metadata.Text(key),
            GgufKeyKind.SlidingLayers => ImportLayers(metadata, key, GgufGeometry.Of(architecture, config).Layers),
            _ => metadata.Int32(key, 1) is { } count ? (double)count / config.Count(architecture.Keys.First(other => other.Gguf is "embedding_length").Config) : null,
        };
        if (value is not null)
        {
            config.Set(rule.Config, value);
        }
        else if (!rule.IsOptional && config.Find(rule.Config) is null)
        {
            throw metadata.Wrong(key, "a value");
        }
    }

    /// <summary>Truth values, or the number n of which every n-th layer has no window; nothing stands for the architecture's usual number.</summary>
    private static JsonArray? ImportLayers(GgufMetadata metadata, string key, int layers)
    {
        if (metadata.Find(key) is bool[] slides)
        {
            return [.. slides.Select(Kind)];
        }

        return metadata.Int32(key, 1) is { } every ? [.. Enumerable.Range(1, layers).Select(number => Kind(number % every != 0))] : null;

        static JsonNode Kind(bool slides) => JsonValue.Create(slides ? Sliding : Full);
    }

    private static object? ExportKey(ConfigTree config, GgufKeyRule rule, int hidden)
    {
        if (rule.Kind == GgufKeyKind.Folded)
        {
            return false;
        }

        var node = config.Find(rule.Config);
        if (node is null)
        {
            return string.Equals(rule.Gguf, "feed_forward_length", StringComparison.Ordinal) ? (uint)(4 * hidden)
                : rule.IsOptional ? null
                : throw config.Wrong(rule.Config, null, "a value");
        }

        return rule.Kind switch
        {
            GgufKeyKind.Boolean => node is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : throw config.Wrong(rule.Config, node, "true or false"),
            GgufKeyKind.Single => (float)config.Number(rule.Config)!.Value,
            GgufKeyKind.Text => node.ToString(),
            GgufKeyKind.Expansion => (uint)Math.Round(config.Number(rule.Config)!.Value * hidden),
            GgufKeyKind.SlidingLayers => node is JsonArray kinds
                ? kinds.Select(kind => string.Equals(kind?.ToString(), Sliding, StringComparison.Ordinal)).ToArray()
                : throw config.Wrong(rule.Config, node, "a list of kinds of attention"),
            _ => (uint)(config.Number(rule.Config) is { } number and >= 0 and <= uint.MaxValue ? number : throw config.Wrong(rule.Config, node, "a count")),
        };
    }

    /// <summary>What follows from the architecture must be so, since the file has no place to say otherwise; an absent key is taken to be so.</summary>
    private static void CheckImplied(GgufArchitecture architecture, ConfigTree config, GgufGeometry geometry)
    {
        foreach (var (key, values) in architecture.Implied)
        {
            Demand(key, values);
        }

        foreach (var derived in architecture.Derived.Where(derived => derived.IsDemanded))
        {
            Demand(derived.Config, derived.Value(geometry).ToJsonString());
        }

        void Demand(string key, params string[] values)
        {
            if (config.Find(key) is { } value && !values.Any(json => JsonNode.DeepEquals(value, JsonNode.Parse(json))))
            {
                throw new ModelFormatException(
                    config.Path, $"key '{key}' is {value.ToJsonString()}; GGUF's '{architecture.Name}' means {values[0]} and cannot say anything else.");
            }
        }
    }

    private static void CheckTold(GgufArchitecture architecture, ConfigTree config)
    {
        if (architecture.Told is { } told && config.Find(told.Key) is { } value
            && !((string[])[told.With, told.Without]).Contains(value.ToString(), StringComparer.Ordinal))
        {
            throw new ModelFormatException(
                config.Path, $"key '{told.Key}' is {value.ToJsonString()}; GGUF's '{architecture.Name}' can say only \"{told.With}\" and \"{told.Without}\".");
        }
    }

    private static void CheckUnsayable(GgufArchitecture architecture, ConfigTree config)
    {
        foreach (var key in architecture.Unsayable)
        {
            if (config.Find(key) is { } value)
            {
                throw new ModelFormatException(
                    config.Path, $"key '{key}' is {value.ToJsonString()}, which GGUF's '{architecture.Name}' cannot say. Set it to null if the model is used without it.");
            }
        }
    }

    /// <summary>The window at which the context ends in GGUF because it cannot say more; null if nothing is lost.</summary>
    internal static int? WindowThatEndsContext(GgufArchitecture architecture, ConfigTree config) =>
        architecture.EndsAtWindow && config.Find(WindowKey) is not null && config.Count(WindowKey) is var window && window < config.Count("max_position_embeddings")
            ? window
            : null;

    private static void SetContext(GgufArchitecture architecture, ConfigTree config, List<(string Key, object Value)> keys)
    {
        object? Value(string key) => keys.Find(pair => string.Equals(pair.Key, key, StringComparison.Ordinal)).Value;
        var index = keys.FindIndex(pair => string.Equals(pair.Key, "context_length", StringComparison.Ordinal));
        if (index < 0)
        {
            return;
        }

        if (WindowThatEndsContext(architecture, config) is { } window)
        {
            keys[index] = ("context_length", (uint)window);
        }
        else if (architecture.StretchesContext && Value("rope.scaling.type") is "linear" && Value("rope.scaling.factor") is float factor)
        {
            keys[index] = ("context_length", (uint)Math.Round((uint)keys[index].Value * (double)factor));
        }
    }

    private static bool AreEqual(object? left, object right) =>
        left is bool[] found && right is bool[] expected ? found.AsSpan().SequenceEqual(expected) : Equals(left, right);

    /// <summary>The stored config.json, if the keys of the file are still those that it gives.</summary>
    private static string? Stored(GgufArchitecture architecture, GgufCheckpoint checkpoint)
    {
        if (checkpoint.Metadata.Text(StoredKey) is not { } text)
        {
            return null;
        }

        try
        {
            if (JsonNode.Parse(text) is not JsonObject root || GgufArchitectures.FromModelType(root["model_type"]?.ToString()) != architecture)
            {
                return null;
            }

            var (keys, tensors) = Export(architecture, new ConfigTree(root, checkpoint.Path));
            return keys.TrueForAll(key => AreEqual(checkpoint.Metadata.Find(key.Key), key.Value))
                && tensors.TrueForAll(tensor => checkpoint.TryFind(tensor.Name, out var file, out var entry) && file.ReadSingles(entry).SequenceEqual(tensor.Values))
                ? text
                : null;
        }
        catch (Exception exception) when (exception is JsonException or ModelFormatException or InvalidOperationException)
        {
            // Somebody changed the file: what its own keys say holds.
            return null;
        }
    }
}
