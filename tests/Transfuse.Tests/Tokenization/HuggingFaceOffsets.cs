using System.Text;
using System.Text.Json;
using Transfuse.Tokenization;

namespace Transfuse.Tests.Tokenization;

/// <summary>
/// Derives the original's offsets from our exact byte spans, by the rules in which the two differ: the original gives whole characters,
/// gives an inserted character the range of the character that it stands before, gives a composed character the range of its first
/// part, puts template tokens at 0, and may trim white space off the ends.
/// </summary>
internal sealed class HuggingFaceOffsets(JsonElement tokenizer) : IReferenceOffsets
{
    private readonly NormalizationForm? _composition = Mentions(tokenizer, "normalizer", "NFC") ? NormalizationForm.FormC
        : Mentions(tokenizer, "normalizer", "NFKC") ? NormalizationForm.FormKC : null;

    private readonly bool _sharesByteRuns = Mentions(tokenizer, "model", "Unigram") && tokenizer.GetProperty("model").GetProperty("byte_fallback").GetBoolean();
    private readonly (bool Trim, bool Prefix)? _trim = FindTrim(tokenizer.GetProperty("post_processor"));

    public List<int> Of(byte[] text, Transfuse.Tokenization.Encoding encoding, IReadOnlyList<string> tokens, int leading, int trailing)
    {
        var result = new List<int>();
        for (var i = 0; i < encoding.Count; i++)
        {
            var span = _sharesByteRuns ? RunOfBytes(text, encoding, tokens, i) : encoding.Spans[i];
            if (i < leading || i >= encoding.Count - trailing)
            {
                result.AddRange([0, 0]);
                continue;
            }

            var (start, end) = Widen(text, span);
            if (_composition is { } form)
            {
                end = DropComposedMarks(text, start, end, form);
            }

            if (_trim is { Trim: true } trim)
            {
                (start, end) = Trim(text, start, end, tokens[i], (i == 0 || start == 0) && trim.Prefix);
            }

            result.AddRange([start, end]);
        }

        return result;
    }

    /// <summary>A unigram model's bytes of one run of unknown characters all have the range of the run.</summary>
    private static ByteSpan RunOfBytes(byte[] text, Transfuse.Tokenization.Encoding encoding, IReadOnlyList<string> tokens, int index)
    {
        var (first, last) = (index, index);
        if (IsByte(text, encoding, tokens, index))
        {
            while (first > 0 && IsByte(text, encoding, tokens, first - 1))
            {
                first--;
            }

            while (last + 1 < tokens.Count && IsByte(text, encoding, tokens, last + 1))
            {
                last++;
            }
        }

        return new ByteSpan(encoding.Spans[first].Start, encoding.Spans[last].End);
    }

    /// <summary>A byte token that was not written out in the text.</summary>
    private static bool IsByte(byte[] text, Transfuse.Tokenization.Encoding encoding, IReadOnlyList<string> tokens, int index)
    {
        var (token, span) = (tokens[index], encoding.Spans[index]);
        return token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal)
            && !string.Equals(token, System.Text.Encoding.UTF8.GetString(text, span.Start, span.Length), StringComparison.Ordinal);
    }

    private static (int Start, int End) Widen(byte[] text, ByteSpan span)
    {
        var (start, end) = (span.Start, Math.Max(span.End, Math.Min(span.Start + 1, text.Length)));
        while (start > 0 && (text[start] & 0xC0) == 0x80)
        {
            start--;
        }

        while (end < text.Length && (text[end] & 0xC0) == 0x80)
        {
            end++;
        }

        return (start, end);
    }

    private static int DropComposedMarks(byte[] text, int start, int end, NormalizationForm form)
    {
        var whole = Count(text, start, end, form);
        for (var shorter = end; shorter > start;)
        {
            do
            {
                shorter--;
            }
            while (shorter > start && (text[shorter] & 0xC0) == 0x80);

            if (shorter == start || Count(text, start, shorter, form) != whole)
            {
                return end;
            }

            end = shorter;
        }

        return end;
    }

    private static int Count(byte[] text, int start, int end, NormalizationForm form) =>
        System.Text.Encoding.UTF8.GetString(text, start, end - start).Replace('\uFFFE', '\uFFFF').Normalize(form).EnumerateRunes().Count();

    private static (int Start, int End) Trim(byte[] text, int start, int end, string token, bool keepsOne)
    {
        var runes = token.EnumerateRunes().ToList();
        var leading = runes.TakeWhile(IsSpace).Count();
        var trailing = runes.AsEnumerable().Reverse().TakeWhile(IsSpace).Count();
        leading = keepsOne && leading == 1 ? 0 : leading;
        var from = start;
        for (var i = 0; i < leading && from < end; i++)
        {
            from = Next(text, from);
        }

        var to = end;
        for (var i = 0; i < trailing && to > from; i++)
        {
            do
            {
                to--;
            }
            while (to > from && (text[to] & 0xC0) == 0x80);
        }

        return (from, to);
    }

    private static bool IsSpace(Rune rune) => rune.Value == 0x120 || Rune.IsWhiteSpace(rune);

    private static int Next(byte[] text, int index)
    {
        do
        {
            index++;
        }
        while (index < text.Length && (text[index] & 0xC0) == 0x80);

        return index;
    }

    private static bool Mentions(JsonElement tokenizer, string part, string type) =>
        tokenizer.GetProperty(part).GetRawText().Contains($"\"{type}\"", StringComparison.Ordinal);

    private static (bool Trim, bool Prefix)? FindTrim(JsonElement processor)
    {
        if (processor.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        if (processor.TryGetProperty("processors", out var parts))
        {
            return parts.EnumerateArray().Select(FindTrim).FirstOrDefault(trim => trim is not null);
        }

        return processor.TryGetProperty("trim_offsets", out var value)
            ? (value.GetBoolean(), processor.GetProperty("add_prefix_space").GetBoolean())
            : null;
    }
}
