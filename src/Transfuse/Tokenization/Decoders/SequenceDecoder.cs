namespace Transfuse.Tokenization.Decoders;

/// <summary>One after the other. After a fuse the rest sees one string, so that what is done to a token's ends is done to the text's.</summary>
internal sealed class SequenceDecoder(IReadOnlyList<TokenDecoder> parts) : TokenDecoder
{
    /// <inheritdoc/>
    public override List<string> Decode(List<string> tokens)
    {
        foreach (var part in parts)
        {
            tokens = part.Decode(tokens);
        }

        return tokens;
    }

    /// <inheritdoc/>
    public override byte[] Contribution(byte[] token)
    {
        var fused = false;
        foreach (var part in parts)
        {
            fused |= part is FuseDecoder;
            if (!fused || part is not StripDecoder)
            {
                token = part.Contribution(token);
            }
        }

        return token;
    }
}
