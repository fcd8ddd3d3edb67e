using System.Collections;
using System.Globalization;
using Transfuse.Errors;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>
/// The keys of a GGUF file. Values are of the .NET type that the file says: integers of all sizes, <see cref="float"/>, <see cref="double"/>,
/// <see cref="bool"/>, <see cref="string"/>, or an array of one of these.
/// </summary>
public sealed class GgufMetadata : IEnumerable<KeyValuePair<string, object>>
{
    private readonly Dictionary<string, object> _values;
    private readonly string _path;

    internal GgufMetadata(Dictionary<string, object> values, string path)
    {
        _values = values;
        _path = path;
    }

    /// <summary>Number of keys.</summary>
    public int Count => _values.Count;

    /// <summary>Whether the key is there.</summary>
    public bool Has(string key) => _values.ContainsKey(key);

    /// <summary>The value as the file has it, or null.</summary>
    public object? Find(string key) => _values.GetValueOrDefault(key);

    /// <summary>A string, or null where the key is absent.</summary>
    /// <exception cref="ModelFormatException">The key holds something else.</exception>
    public string? Text(string key) => Read<string>(key, "a string");

    /// <summary>A list of strings, or null where the key is absent.</summary>
    /// <exception cref="ModelFormatException">The key holds something else.</exception>
    public string[]? Texts(string key) => Read<string[]>(key, "a list of strings");

    /// <summary>A list of float32, or null where the key is absent.</summary>
    /// <exception cref="ModelFormatException">The key holds something else.</exception>
    public float[]? Singles(string key) => Read<float[]>(key, "a list of 32-bit reals");

    /// <summary>A list of 32-bit integers, signed or not, or null where the key is absent.</summary>
    /// <exception cref="ModelFormatException">The key holds something else.</exception>
    public int[]? Int32s(string key) => Find(key) switch
    {
        null => null,
        int[] signed => signed,
        uint[] unsigned when Array.TrueForAll(unsigned, value => value <= int.MaxValue) => Array.ConvertAll(unsigned, value => (int)value),
        _ => throw Wrong(key, "a list of 32-bit integers"),
    };

    /// <summary>A list of bytes, or null where the key is absent.</summary>
    /// <exception cref="ModelFormatException">The key holds something else.</exception>
    public byte[]? Bytes(string key) => Find(key) switch
    {
        null => null,
        byte[] unsigned => unsigned,
        sbyte[] signed => Array.ConvertAll(signed, value => (byte)value),
        _ => throw Wrong(key, "a list of bytes"),
    };

    /// <summary>Whether something holds, or null where the key is absent.</summary>
    /// <exception cref="ModelFormatException">The key holds something else.</exception>
    public bool? Boolean(string key) => Find(key) switch
    {
        null => null,
        bool value => value,
        _ => throw Wrong(key, "true or false"),
    };

    /// <summary>A whole number of any size, or null where the key is absent.</summary>
    /// <exception cref="ModelFormatException">The key holds something else, or a number outside the range.</exception>
    public int? Int32(string key, int minimum = 0, int maximum = int.MaxValue)
    {
        Int128? value = Find(key) switch
        {
            null => null,
            byte number => number,
            sbyte number => number,
            ushort number => number,
            short number => number,
            uint number => number,
            int number => number,
            ulong number => number,
            long number => number,
            _ => throw Wrong(key, "a whole number"),
        };
        return value is null ? null
            : value >= minimum && value <= maximum ? (int)value
            : throw Wrong(key, string.Create(CultureInfo.InvariantCulture, $"a whole number from {minimum} to {maximum}"));
    }

    /// <summary>A finite real number, or null where the key is absent.</summary>
    /// <exception cref="ModelFormatException">The key holds something else.</exception>
    public double? Real(string key) => Find(key) switch
    {
        null => null,
        float value when float.IsFinite(value) => value,
        double value when double.IsFinite(value) => value,
        _ => throw Wrong(key, "a finite real number"),
    };

    /// <summary>An error that names a key and what it holds.</summary>
    internal ModelFormatException Wrong(string key, string expected) => new(_path, Find(key) is { } value
        ? $"key '{key}' is {Describe(value)}, expected {expected}."
        : $"lacks the key '{key}', expected {expected}.");

    /// <summary>A value for people: numbers and short texts as they are, long lists by their length.</summary>
    internal static string Describe(object value) => value switch
    {
        string text => text.Length > 60 ? $"\"{text[..60]}…\"" : $"\"{text}\"",
        Array array => $"a list of {array.Length} {array.GetType().GetElementType()!.Name}",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object>> GetEnumerator() => _values.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private T? Read<T>(string key, string expected)
        where T : class => Find(key) is not { } value ? null : value as T ?? throw Wrong(key, expected);
}
