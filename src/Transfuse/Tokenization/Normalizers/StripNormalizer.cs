using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Normalizers;

/// <summary>Drops white space at the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    /// <inheritdoc/>
    public override TextSlice Apply(TextSlice slice)
    {
        var (start, end) = (slice.Start, slice.End);
        var text = slice.Text.Bytes;
        while (left && start < end && Scalars.IsWhiteSpace(Utf8.Decode(text, start, out var length)))
        {
            start += length;
        }

        while (right && end > start)
        {
            var previous = Utf8.Previous(text, end);
            if (!Scalars.IsWhiteSpace(Utf8.Decode(text, previous, out _)))
            {
                break;
            }

            end = previous;
        }

        return slice with { Start = start, End = end };
    }
}
