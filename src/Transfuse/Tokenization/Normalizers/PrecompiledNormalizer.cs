using System.Globalization;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Normalizers;

/// <summary>
/// A compiled character map as Hugging Face's tokenizers apply it: a grapheme cluster under six bytes that begins with a match is
/// replaced as a whole, by the shortest match; otherwise each of its characters is looked up alone. (SentencePiece itself takes the longest match at
/// every position.)
/// </summary>
internal sealed class PrecompiledNormalizer(CharacterMap map) : Normalizer
{
    private const int ClusterLimit = 6;

    /// <inheritdoc/>
    public override TextSlice Apply(TextSlice slice)
    {
        var builder = new AlignedTextBuilder(slice.Length + 16);
        var text = Utf8.String(slice.Span);
        var position = slice.Start;
        for (var i = 0; i < text.Length;)
        {
            var units = StringInfo.GetNextTextElementLength(text.AsSpan(i));
            var end = position + System.Text.Encoding.UTF8.GetByteCount(text.AsSpan(i, units));
            if (end - position >= ClusterLimit || !Replace(builder, slice.Text, position, end))
            {
                AppendCharacters(builder, slice.Text, position, end);
            }

            position = end;
            i += units;
        }

        return builder.Build().All;
    }

    private void AppendCharacters(AlignedTextBuilder builder, AlignedText text, int start, int end)
    {
        for (var i = start; i < end;)
        {
            var next = i + Utf8.LengthOf(text.Bytes[i]);
            if (!Replace(builder, text, i, next))
            {
                builder.Copy(text, i, next);
            }

            i = next;
        }
    }

    private bool Replace(AlignedTextBuilder builder, AlignedText text, int start, int end)
    {
        if (map.Match(text.Bytes.AsSpan(start, end - start), longest: false, out var replacement) == 0)
        {
            return false;
        }

        // New characters stand for the old ones one by one, the surplus for the last one.
        var source = start;
        for (var i = 0; i < replacement.Length;)
        {
            var length = Utf8.LengthOf(replacement[i]);
            var sourceEnd = source + Utf8.LengthOf(text.Bytes[source]);
            var origin = text.Origin(source, sourceEnd);
            builder.Append(replacement.Slice(i, Math.Min(length, replacement.Length - i)), origin.Start, origin.End);
            source = sourceEnd < end ? sourceEnd : source;
            i += length;
        }

        return true;
    }
}
