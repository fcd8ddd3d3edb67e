using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Normalizers;

/// <summary>Rewrites each character by itself: <c>Lowercase</c>, <c>StripAccents</c>, <c>Nmt</c>.</summary>
/// <param name="map">The new text of a character: null to keep it, empty to drop it.</param>
internal sealed class ScalarNormalizer(Func<int, string?> map) : Normalizer
{
    /// <inheritdoc/>
    public override TextSlice Apply(TextSlice slice)
    {
        var builder = new AlignedTextBuilder(slice.Length + 16);
        var changed = false;
        var text = slice.Text;
        for (var i = slice.Start; i < slice.End;)
        {
            var scalar = Utf8.Decode(text.Bytes, i, out var length);
            if (map(scalar) is { } replacement)
            {
                var origin = text.Origin(i, i + length);
                builder.Append(Utf8.Bytes(replacement), origin.Start, origin.End);
                changed = true;
            }
            else
            {
                builder.Copy(text, i, i + length);
            }

            i += length;
        }

        return changed ? builder.Build().All : slice;
    }
}
