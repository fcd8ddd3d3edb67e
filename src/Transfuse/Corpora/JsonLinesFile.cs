using System.Text.Json;
using Transfuse.Errors;

namespace Transfuse.Corpora;

/// <summary>Files with one JSON object a line.</summary>
internal static class JsonLinesFile
{
    /// <summary>Streams one text member of every line; blank lines are skipped.</summary>
    /// <exception cref="CorpusException">A line is no JSON object or lacks the member.</exception>
    public static IEnumerable<(long Number, string Text)> Read(string path, string textField)
    {
        string[] names = [textField];
        foreach (var (number, values) in ReadMembers(path, names))
        {
            yield return (number, values[0]);
        }
    }

    /// <summary>Streams several text members of every line, in the order of <paramref name="names"/>.</summary>
    /// <exception cref="CorpusException">A line is no JSON object or lacks a member.</exception>
    public static IEnumerable<(long Number, string[] Values)> ReadMembers(string path, string[] names)
    {
        foreach (var line in Utf8Lines.Read(path))
        {
            if (!line.IsBlank)
            {
                line.CheckUtf8(path);
                yield return (line.Number, Parse(path, line, names));
            }
        }
    }

    private static string[] Parse(string path, Utf8Line line, string[] names)
    {
        var values = new string?[names.Length];
        try
        {
            var reader = new Utf8JsonReader(line.Bytes.Span);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw Bad(path, line, $"is no JSON object but starts with {reader.TokenType}");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var index = Array.FindIndex(names, NameMatches(ref reader));
                reader.Read();
                if (index < 0)
                {
                    reader.Skip();
                }
                else
                {
                    values[index] = reader.TokenType == JsonTokenType.String
                        ? reader.GetString()
                        : throw Bad(path, line, $"has a '{names[index]}' of kind {reader.TokenType}, expected a string");
                }
            }

            reader.Read();
        }
        catch (JsonException exception)
        {
            throw Bad(path, line, $"is no valid JSON: {exception.Message}", exception);
        }
        catch (InvalidOperationException exception)
        {
            throw Bad(path, line, "has a text with half a surrogate pair", exception);
        }

        var missing = Array.IndexOf(values, null);
        return missing < 0 ? values.OfType<string>().ToArray() : throw Bad(
            path, line, $"has no member '{names[missing]}'. Name the right text field, or mend the line");
    }

    private static Predicate<string> NameMatches(ref Utf8JsonReader reader)
    {
        var name = reader.GetString();
        return candidate => string.Equals(candidate, name, StringComparison.Ordinal);
    }

    private static CorpusException Bad(string path, Utf8Line line, string what, Exception? cause = null) =>
        new(path, $"line {line.Number} (byte {line.Offset}) {what}.", cause);
}
