using Transfuse.Tokenization.Normalizers;
using Transfuse.Tokenization.Patterns;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Decoders;

/// <summary>Writes fixed text for every match of a pattern within a token.</summary>
internal sealed class ReplaceDecoder(TextPattern pattern, string content) : TokenDecoder
{
    private readonly ReplaceNormalizer _replace = new(pattern, content);

    /// <inheritdoc/>
    public override List<string> Decode(List<string> tokens) => tokens.ConvertAll(_replace.Apply);

    /// <inheritdoc/>
    public override byte[] Contribution(byte[] token) => _replace.Apply(new AlignedText(token).All).Span.ToArray();
}
