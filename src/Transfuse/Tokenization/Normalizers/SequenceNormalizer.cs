using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Normalizers;

/// <summary>One after the other.</summary>
internal sealed class SequenceNormalizer(IReadOnlyList<Normalizer> parts) : Normalizer
{
    /// <inheritdoc/>
    public override TextSlice Apply(TextSlice slice)
    {
        foreach (var part in parts)
        {
            slice = part.Apply(slice);
        }

        return slice;
    }
}
