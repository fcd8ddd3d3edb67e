using Transfuse.Tokenization.Patterns;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Json;

/// <summary>Builds patterns from their JSON: <c>{"String": …}</c> or <c>{"Regex": …}</c>.</summary>
internal static class PatternReader
{
    /// <summary>The pattern described here.</summary>
    public static TextPattern Read(JsonCursor cursor)
    {
        if (cursor.Optional("String") is { } literal)
        {
            return new LiteralPattern(Utf8.Bytes(literal.String()));
        }

        var regex = cursor.Required("Regex");
        try
        {
            return KnownPatterns.FromRegex(regex.String());
        }
        catch (FormatException exception)
        {
            throw regex.Error($"cannot be used: {exception.Message}.");
        }
    }
}
