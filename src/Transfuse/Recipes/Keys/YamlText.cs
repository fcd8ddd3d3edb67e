using System.Globalization;
using System.Text;

namespace Transfuse.Recipes.Keys;

/// <summary>Writes text as a YAML scalar that reads back as the same text.</summary>
internal static class YamlText
{
    /// <summary>The text itself where that is safe, else in double quotes.</summary>
    internal static string Quote(string text)
    {
        if (IsSafe(text))
        {
            return text;
        }

        var quoted = new StringBuilder("\"");
        foreach (var character in text)
        {
            quoted.Append(character switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\t' => "\\t",
                '\r' => "\\r",
                _ when char.IsControl(character) => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => character.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }

    // Letters, digits and a few marks, not beginning like a number or a mark of YAML, and no word with a meaning of its own.
    private static bool IsSafe(string text) =>
        text.Length > 0
        && (char.IsLetter(text[0]) || text[0] is '/' or '_')
        && text.All(c => char.IsLetterOrDigit(c) || c is '.' or '/' or '_' or '-' or '+')
        && text.ToUpperInvariant() is not ("NULL" or "TRUE" or "FALSE" or "YES" or "NO" or "ON" or "OFF" or "Y" or "N");
}
