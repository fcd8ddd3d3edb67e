using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Normalizers;

/// <summary>Rewrites text before it is cut, keeping the alignment with the original. Immutable and thread safe.</summary>
internal abstract class Normalizer
{
    /// <summary>The new form of a slice; the slice itself if nothing changes.</summary>
    public abstract TextSlice Apply(TextSlice slice);

    /// <summary>The new form of a string.</summary>
    public string Apply(string text) => Utf8.String(Apply(new AlignedText(Utf8.Bytes(text)).All).Span);
}
