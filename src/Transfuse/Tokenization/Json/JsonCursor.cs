using System.Text.Json;
using Transfuse.Errors;

namespace Transfuse.Tokenization.Json;

/// <summary>A place in a JSON file: reads values of the expected kind or says where which kind was found.</summary>
/// <param name="Source">File, for errors.</param>
/// <param name="Key">Path of keys to this place.</param>
/// <param name="Element">The value.</param>
internal readonly record struct JsonCursor(string Source, string Key, JsonElement Element)
{
    /// <summary>A property that must exist.</summary>
    public JsonCursor Required(string name) => Optional(name)
        ?? throw Error($"has no '{name}'. The file is incomplete.");

    /// <summary>A property, or null if it is absent or null.</summary>
    public JsonCursor? Optional(string name)
    {
        Expect(JsonValueKind.Object);
        return Element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? new JsonCursor(Source, Key.Length == 0 ? name : Key + "." + name, value)
            : null;
    }

    /// <summary>The string here.</summary>
    public string String()
    {
        Expect(JsonValueKind.String);
        try
        {
            return Element.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw new TokenizerException(Source, $"{Key}: the string has an unpaired surrogate or invalid UTF-8.", exception);
        }
    }

    /// <summary>The integer here, within bounds.</summary>
    public int Integer(int minimum, int maximum)
    {
        Expect(JsonValueKind.Number);
        return Element.TryGetInt32(out var value) && value >= minimum && value <= maximum
            ? value
            : throw Error($"is {Shorten(Element.GetRawText())}, expected a whole number from {minimum} to {maximum}.");
    }

    /// <summary>The number here; finite.</summary>
    public double Number()
    {
        Expect(JsonValueKind.Number);
        return Element.TryGetDouble(out var value) && double.IsFinite(value) ? value : throw Error("is not a finite number.");
    }

    /// <summary>The truth value here.</summary>
    public bool Boolean() => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Error($"is {Describe(Element.ValueKind)}, expected true or false."),
    };

    /// <summary>An optional truth value.</summary>
    public bool Boolean(string name, bool otherwise) => Optional(name)?.Boolean() ?? otherwise;

    /// <summary>An optional string.</summary>
    public string? String(string name) => Optional(name)?.String();

    /// <summary>The items of the array here.</summary>
    public IEnumerable<JsonCursor> Items()
    {
        Expect(JsonValueKind.Array);
        return Enumerate(this);

        static IEnumerable<JsonCursor> Enumerate(JsonCursor cursor)
        {
            var index = 0;
            foreach (var item in cursor.Element.EnumerateArray())
            {
                yield return new JsonCursor(cursor.Source, $"{cursor.Key}[{index++}]", item);
            }
        }
    }

    /// <summary>Fails unless the value is of a kind.</summary>
    public void Expect(JsonValueKind kind)
    {
        if (Element.ValueKind != kind)
        {
            throw Error($"is {Describe(Element.ValueKind)}, expected {Describe(kind)}.");
        }
    }

    /// <summary>An error at this place.</summary>
    public TokenizerException Error(string problem) => new(Source, $"{(Key.Length == 0 ? "the file" : "'" + Key + "'")} {problem}");

    private static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
