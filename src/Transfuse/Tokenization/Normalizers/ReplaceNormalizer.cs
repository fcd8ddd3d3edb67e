using Transfuse.Tokenization.Patterns;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Normalizers;

/// <summary>Writes fixed text for every match of a pattern. The text stands for the last character of the match.</summary>
internal sealed class ReplaceNormalizer(TextPattern pattern, string content) : Normalizer
{
    private readonly byte[] _content = Utf8.Bytes(content);

    /// <inheritdoc/>
    public override TextSlice Apply(TextSlice slice)
    {
        var span = slice.Span;
        if (!pattern.Find(span, 0, out var start, out var end))
        {
            return slice;
        }

        var builder = new AlignedTextBuilder(slice.Length + (slice.Length / 2) + 64);
        var text = slice.Text;
        var copied = 0;
        do
        {
            builder.Copy(text, slice.Start + copied, slice.Start + start);
            AppendContent(builder, slice, start, end);
            copied = end;
            var search = end > start ? end : end < span.Length ? end + Utf8.LengthOf(span[end]) : span.Length + 1;
            if (search > span.Length || (search == span.Length && end > start))
            {
                break;
            }

            if (!pattern.Find(span, search, out start, out end))
            {
                break;
            }
        }
        while (true);

        builder.Copy(text, slice.Start + copied, slice.End);
        return builder.Build().All;
    }

    private void AppendContent(AlignedTextBuilder builder, TextSlice slice, int start, int end)
    {
        if (end > start)
        {
            var last = slice.Start + Utf8.Previous(slice.Span, end);
            var origin = slice.Text.Origin(last, slice.Start + end);
            builder.Append(_content, origin.Start, origin.End);
        }
        else
        {
            var position = slice.Text.Origin(slice.Start + start, slice.Start + start).Start;
            builder.Append(_content, position, position);
        }
    }
}
