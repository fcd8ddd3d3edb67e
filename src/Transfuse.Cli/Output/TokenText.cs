using System.Globalization;
using System.Text;

namespace Transfuse.Cli.Output;

/// <summary>Bytes of tokens as text.</summary>
internal static class TokenText
{
    /// <summary>
    /// The text of a token in quotes, in one line whatever it holds: characters as they are, control characters and quotes escaped,
    /// bytes of a character that is cut between tokens as <c>\xE2</c>.
    /// </summary>
    internal static string Quote(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder("\"");
        while (!bytes.IsEmpty)
        {
            var isWhole = Rune.DecodeFromUtf8(bytes, out var rune, out var length) == System.Buffers.OperationStatus.Done;
            if (isWhole)
            {
                Append(text, rune);
            }
            else
            {
                foreach (var value in bytes[..length])
                {
                    text.Append(CultureInfo.InvariantCulture, $"\\x{value:X2}");
                }
            }

            bytes = bytes[length..];
        }

        return text.Append('"').ToString();
    }

    private static void Append(StringBuilder text, Rune rune)
    {
        var escape = rune.Value switch { '\n' => "\\n", '\r' => "\\r", '\t' => "\\t", '"' => "\\\"", '\\' => "\\\\", _ => null };
        if (escape is not null)
        {
            text.Append(escape);
        }
        else if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
        {
            text.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}");
        }
        else
        {
            text.Append(rune);
        }
    }
}
