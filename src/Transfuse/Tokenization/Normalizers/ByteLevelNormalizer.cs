using Transfuse.Tokenization.PreTokenizers;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Normalizers;

/// <summary>Writes every byte as a character of the byte alphabet.</summary>
internal sealed class ByteLevelNormalizer : Normalizer
{
    /// <inheritdoc/>
    public override TextSlice Apply(TextSlice slice)
    {
        var builder = new AlignedTextBuilder(2 * slice.Length);
        ByteLevelPreTokenizer.MapBytes(builder, slice);
        return builder.Build().All;
    }
}
