namespace Transfuse.Tokenization.Decoders;

/// <summary>Makes one string of all.</summary>
internal sealed class FuseDecoder : TokenDecoder
{
    /// <inheritdoc/>
    public override List<string> Decode(List<string> tokens) => [string.Concat(tokens)];

    /// <inheritdoc/>
    public override byte[] Contribution(byte[] token) => token;
}
