using System.Globalization;
using System.Text;

namespace Transfuse.Corpora;

/// <summary>
/// Splits long documents. The cuts depend on the text alone, never on a tokenizer, so that every model sees the same pieces; together the
/// pieces are the text.
/// </summary>
/// <remarks>
/// A cut stands, in this order of preference, before a new paragraph, a new line, a word; in text without white space between two
/// characters (never inside a surrogate pair or before a combining mark, so that no normalisation reaches across it). A piece thus begins
/// as a document does: with a word and no space before it.
/// </remarks>
public static class DocumentChunker
{
    /// <summary>Smallest piece size that may be asked for, in bytes.</summary>
    public const int SmallestMaximum = 64;

    /// <summary>Streams the pieces of a document; ids get <c>#0</c>, <c>#1</c> … appended where there is more than one.</summary>
    /// <param name="document">The document.</param>
    /// <param name="maximumBytes">Most UTF-8 bytes of a piece, at least <see cref="SmallestMaximum"/>.</param>
    public static IEnumerable<Document> Split(Document document, int maximumBytes)
    {
        ArgumentNullException.ThrowIfNull(document);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumBytes, SmallestMaximum);
        return SplitText(document, maximumBytes);
    }

    private static IEnumerable<Document> SplitText(Document document, int maximumBytes)
    {
        var text = document.Text;
        for (int start = 0, piece = 0; start < text.Length; piece++)
        {
            var end = Fit(text, start, maximumBytes);
            if (end < text.Length)
            {
                end = BestCut(text, start, end);
            }

            var whole = start == 0 && end == text.Length;
            yield return whole ? document : document with { Id = $"{document.Id}#{piece}", Text = text[start..end] };
            start = end;
        }
    }

    /// <summary>The largest end, between two code points, at which the piece still fits.</summary>
    private static int Fit(string text, int start, int maximumBytes)
    {
        var bytes = 0;
        var end = start;
        while (end < text.Length)
        {
            Rune.DecodeFromUtf16(text.AsSpan(end), out var rune, out var consumed);
            bytes += rune.Utf8SequenceLength;
            if (bytes > maximumBytes)
            {
                break;
            }

            end += consumed;
        }

        return end;
    }

    private static int BestCut(string text, int start, int limit)
    {
        // A better kind of cut is taken only if it leaves the piece at least half full.
        var half = start + ((limit - start) / 2);
        int line = 0, word = 0;
        for (var cut = limit; cut > start; cut--)
        {
            if (!char.IsWhiteSpace(text[cut - 1]) || char.IsWhiteSpace(text[cut]))
            {
                continue;
            }

            var isLine = text[cut - 1] == '\n';
            if (isLine && cut > half && cut - 2 >= start && text[cut - 2] == '\n')
            {
                return cut;
            }

            line = line == 0 && isLine ? cut : line;
            word = word == 0 ? cut : word;
            if (cut <= half && word > 0)
            {
                break;
            }
        }

        return line > half ? line : word > 0 ? word : CharacterCut(text, start, limit);
    }

    private static int CharacterCut(string text, int start, int limit)
    {
        const int farthest = 64;
        for (var cut = limit; cut > Math.Max(start, limit - farthest); cut--)
        {
            if (!char.IsLowSurrogate(text[cut]) && !JoinsPrevious(text, cut))
            {
                return cut;
            }
        }

        return limit;
    }

    private static bool JoinsPrevious(string text, int index) =>
        CharUnicodeInfo.GetUnicodeCategory(text, index) is
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        || text[index] == '\u200D' || text[index - 1] == '\u200D'
        || (text[index] == '\n' && text[index - 1] == '\r');
}
