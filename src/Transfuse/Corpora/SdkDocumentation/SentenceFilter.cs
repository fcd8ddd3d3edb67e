using System.Text;

namespace Transfuse.Corpora.SdkDocumentation;

/// <summary>
/// Passes each sentence once. Documentation repeats itself without end ("The value to compare."), and what stands in a training document
/// must not stand in a test document too. Sentences that differ only in digits, case, punctuation or spacing count as one.
/// </summary>
internal sealed class SentenceFilter
{
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly StringBuilder _key = new();

    /// <summary>The sentences of a paragraph that were not seen before, joined by spaces; empty if there is none.</summary>
    public string Unseen(string paragraph)
    {
        StringBuilder? kept = null;
        for (var start = 0; start < paragraph.Length;)
        {
            var end = SentenceEnd(paragraph, start);
            if (_seen.Add(Key(paragraph.AsSpan(start, end - start))))
            {
                kept = kept is null ? new StringBuilder() : kept.Append(' ');
                kept.Append(paragraph, start, end - start);
            }

            start = end + 1;
        }

        return kept?.ToString() ?? "";
    }

    private static int SentenceEnd(string text, int start)
    {
        for (var i = start; i < text.Length - 1; i++)
        {
            if (text[i] is '.' or '!' or '?' && text[i + 1] == ' ')
            {
                return i + 1;
            }
        }

        return text.Length;
    }

    private string Key(ReadOnlySpan<char> sentence)
    {
        _key.Clear();
        foreach (var character in sentence)
        {
            if (char.IsLetter(character))
            {
                _key.Append(char.ToLowerInvariant(character));
            }
        }

        return _key.ToString();
    }
}
