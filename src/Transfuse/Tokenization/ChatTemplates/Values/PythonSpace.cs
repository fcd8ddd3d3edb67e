namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>White space as Python's <c>str.isspace</c> sees it: Unicode's and the four ASCII separators.</summary>
internal static class PythonSpace
{
    /// <summary>Whether a character is white space.</summary>
    internal static bool IsSpace(char character) => char.IsWhiteSpace(character) || character is >= '\u001c' and <= '\u001f';

    /// <summary>The text without white space at its start.</summary>
    internal static ReadOnlySpan<char> TrimStart(ReadOnlySpan<char> text)
    {
        while (text.Length > 0 && IsSpace(text[0]))
        {
            text = text[1..];
        }

        return text;
    }

    /// <summary>The text without white space at its end.</summary>
    internal static ReadOnlySpan<char> TrimEnd(ReadOnlySpan<char> text)
    {
        while (text.Length > 0 && IsSpace(text[^1]))
        {
            text = text[..^1];
        }

        return text;
    }

    /// <summary>The words between white space.</summary>
    internal static List<string> Words(string text)
    {
        var words = new List<string>();
        var rest = TrimStart(text);
        while (rest.Length > 0)
        {
            var end = 0;
            while (end < rest.Length && !IsSpace(rest[end]))
            {
                end++;
            }

            words.Add(rest[..end].ToString());
            rest = TrimStart(rest[end..]);
        }

        return words;
    }
}
