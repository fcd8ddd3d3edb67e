using System.Globalization;
using System.Text.Json;
using Transfuse.Errors;

namespace Transfuse.Checkpoints;

/// <summary>
/// Typed access to the keys of a <c>config.json</c>. A key that is absent or null takes the fallback; one of the wrong type or out of
/// range is an error that names it. Remembers which keys were asked for, so that the others can be kept.
/// </summary>
internal sealed class ConfigReader
{
    private static readonly JsonElement NoKeys = JsonElement.Parse("{}");
    private readonly JsonElement _object;
    private readonly string _prefix;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    internal ConfigReader(JsonElement element, string path, string prefix = "")
    {
        _object = element;
        _prefix = prefix;
        Path = path;
    }

    /// <summary>The file, for errors.</summary>
    internal string Path { get; }

    /// <summary>An object without keys, for a nested one that is absent.</summary>
    internal static ConfigReader Empty(string path) => new(NoKeys, path);

    /// <summary>Whether the key is there, even if null.</summary>
    internal bool Has(string key) => _object.TryGetProperty(key, out _);

    internal int Int32(string key, int fallback, int minimum = 1, int maximum = int.MaxValue) => OptionalInt32(key, minimum, maximum) ?? fallback;

    internal int? OptionalInt32(string key, int minimum = 0, int maximum = int.MaxValue)
    {
        if (!TryFind(key, out var value))
        {
            return null;
        }

        // Python writes 4 and 4.0 for the same thing in some keys.
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number == Math.Floor(number)
            && number >= minimum && number <= maximum
            ? (int)number
            : throw Wrong(key, value, $"a whole number from {minimum} to {maximum}");
    }

    internal double Real(string key, double fallback, double minimum, double maximum) => OptionalReal(key, minimum, maximum) ?? fallback;

    internal double? OptionalReal(string key, double minimum, double maximum)
    {
        if (!TryFind(key, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= minimum && number <= maximum
            ? number
            : throw Wrong(key, value, string.Create(CultureInfo.InvariantCulture, $"a number from {minimum} to {maximum}"));
    }

    internal bool Boolean(string key, bool fallback)
    {
        if (!TryFind(key, out var value))
        {
            return fallback;
        }

        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(key, value, "true or false");
    }

    internal string Text(string key, string fallback)
    {
        if (!TryFind(key, out var value))
        {
            return fallback;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(key, value, "a string");
    }

    /// <summary>Whether the key holds a string rather than a number.</summary>
    internal bool IsText(string key) => TryFind(key, out var value) && value.ValueKind == JsonValueKind.String;

    /// <summary>One id or a list of ids; absent takes the fallback, null none.</summary>
    internal IReadOnlyList<int> Ids(string key, IReadOnlyList<int> fallback)
    {
        if (!Has(key))
        {
            return fallback;
        }

        if (!TryFind(key, out var value))
        {
            return [];
        }

        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        return
        [
            .. items.Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var id) && id >= -1
                ? id
                : throw Wrong(key, value, "a token id or a list of token ids")),
        ];
    }

    /// <summary>A list of numbers; none if the key is absent.</summary>
    internal IReadOnlyList<double> Reals(string key, double minimum, double maximum)
    {
        var expected = string.Create(CultureInfo.InvariantCulture, $"a list of numbers from {minimum} to {maximum}");
        return
        [
            .. Items(key, expected).Select(item =>
                item.ValueKind == JsonValueKind.Number && item.TryGetDouble(out var number) && number >= minimum && number <= maximum
                    ? number
                    : throw Wrong(key, expected)),
        ];
    }

    /// <summary>A list of strings, or null if the key is absent.</summary>
    internal IReadOnlyList<string>? Texts(string key)
    {
        const string expected = "a list of strings";
        return !TryFind(key, out _)
            ? null
            : [.. Items(key, expected).Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Wrong(key, expected))];
    }

    /// <summary>A list of truth values, written as such or as 0 and 1, or null if the key is absent.</summary>
    internal IReadOnlyList<bool>? Flags(string key)
    {
        const string expected = "a list of 0 and 1";
        return !TryFind(key, out _) ? null : [.. Items(key, expected).Select(Flag)];

        bool Flag(JsonElement item) => item.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number when item.TryGetInt32(out var number) && number is 0 or 1 => item.GetInt32() == 1,
            _ => throw Wrong(key, expected),
        };
    }

    /// <summary>A nested object, or null.</summary>
    internal ConfigReader? Object(string key)
    {
        if (!TryFind(key, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Object ? new ConfigReader(value, Path, $"{_prefix}{key}.") : throw Wrong(key, value, "an object");
    }

    /// <summary>Marks keys as known without reading them.</summary>
    internal void Ignore(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            _asked.Add(key);
        }
    }

    /// <summary>The JSON text of every key that nobody asked for.</summary>
    internal IReadOnlyDictionary<string, string> UnaskedKeys() => _object.EnumerateObject()
        .Where(property => !_asked.Contains(property.Name))
        .ToDictionary(property => property.Name, property => property.Value.GetRawText(), StringComparer.Ordinal);

    internal ModelFormatException Wrong(string key, string expected) =>
        TryFind(key, out var value) ? Wrong(key, value, expected) : new ModelFormatException(Path, $"lacks the key '{_prefix}{key}', expected {expected}.");

    private JsonElement[] Items(string key, string expected)
    {
        if (!TryFind(key, out var value))
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : throw Wrong(key, value, expected);
    }

    private ModelFormatException Wrong(string key, JsonElement value, string expected)
    {
        var text = value.GetRawText();
        return new ModelFormatException(
            Path, $"key '{_prefix}{key}' is {(text.Length > 60 ? text[..60] + "…" : text)}, expected {expected}.");
    }

    private bool TryFind(string key, out JsonElement value)
    {
        _asked.Add(key);
        return _object.TryGetProperty(key, out value) && value.ValueKind != JsonValueKind.Null;
    }
}
