using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Decoders;

/// <summary>Characters of the byte alphabet to bytes to text.</summary>
internal sealed class ByteLevelDecoder : TokenDecoder
{
    /// <inheritdoc/>
    public override List<string> Decode(List<string> tokens)
    {
        var bytes = new List<byte>();
        foreach (var token in tokens)
        {
            bytes.AddRange(ByteAlphabet.ToBytes(token));
        }

        return [Utf8.String([.. bytes])];
    }

    /// <inheritdoc/>
    public override byte[] Contribution(byte[] token) => ByteAlphabet.ToBytes(Utf8.String(token));
}
