using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Normalizers;

/// <summary>Puts text in front of every non-empty stretch; it stands for nothing of the original.</summary>
internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    private readonly byte[] _prefix = Utf8.Bytes(prefix);

    /// <inheritdoc/>
    public override TextSlice Apply(TextSlice slice)
    {
        if (slice.Length == 0)
        {
            return slice;
        }

        var builder = new AlignedTextBuilder(slice.Length + _prefix.Length);
        var position = slice.Text.OriginStart(slice.Start);
        builder.Append(_prefix, position, position);
        builder.Copy(slice.Text, slice.Start, slice.End);
        return builder.Build().All;
    }
}
