using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Transfuse.Errors;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>The keys of a <c>config.json</c> by path; a point leads into a nested object.</summary>
internal sealed class ConfigTree(JsonObject root, string path)
{
    /// <summary>The text that it was read from, or its own.</summary>
    internal string Text
    {
        get => field ?? Root.ToJsonString();
        init;
    }

    /// <summary>The whole.</summary>
    internal JsonObject Root { get; } = root;

    /// <summary>Where it comes from, for errors.</summary>
    internal string Path { get; } = path;

    /// <summary>A nested object, or null.</summary>
    internal JsonObject? Object(string key) => Find(key) as JsonObject;

    /// <summary>The value, null if absent or null.</summary>
    internal JsonNode? Find(string key)
    {
        JsonNode? node = Root;
        foreach (var part in key.Split('.'))
        {
            node = (node as JsonObject)?[part];
        }

        return node;
    }

    /// <summary>A number, or null if absent.</summary>
    internal double? Number(string key) => NumberOf(Find(key), key);

    /// <summary>A whole number of at least one.</summary>
    internal int Count(string key) => Number(key) is { } value and >= 1 and <= int.MaxValue && value == Math.Floor(value)
        ? (int)value
        : throw Wrong(key, Find(key), "a whole number from 1");

    /// <summary>A number at a node.</summary>
    internal double? NumberOf(JsonNode? node, string key) => node switch
    {
        null => null,
        // A value that was parsed and one that was set differ in the types they can be asked for; their text does not.
        JsonValue value when value.GetValueKind() == JsonValueKind.Number => double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture),
        _ => throw Wrong(key, node, "a number"),
    };

    /// <summary>Sets a value, making nested objects.</summary>
    internal void Set(string key, JsonNode? value)
    {
        var parts = key.Split('.');
        var node = Root;
        foreach (var part in parts[..^1])
        {
            node[part] ??= new JsonObject();
            node = (JsonObject)node[part]!;
        }

        node[parts[^1]] = value;
    }

    /// <summary>A float32 as the shortest decimal number that means it, so that 1e-5 stays 1e-5.</summary>
    internal static JsonNode Real(double value) =>
        (float)value == value ? double.Parse(((float)value).ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : value;

    /// <summary>An error that names a key and what it holds.</summary>
    internal ModelFormatException Wrong(string key, JsonNode? node, string expected) =>
        new(Path, $"key '{key}' of the configuration is {node?.ToJsonString() ?? "absent"}, expected {expected}.");
}
