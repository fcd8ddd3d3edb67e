using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Decoders;

/// <summary>End-of-word suffixes to spaces, except at the end of the text.</summary>
internal sealed class BpeDecoder(string suffix) : TokenDecoder
{
    /// <inheritdoc/>
    public override List<string> Decode(List<string> tokens)
    {
        var result = new List<string>(tokens.Count);
        for (var i = 0; i < tokens.Count; i++)
        {
            result.Add(Replace(tokens[i], i == tokens.Count - 1 ? "" : " "));
        }

        return result;
    }

    /// <inheritdoc/>
    public override byte[] Contribution(byte[] token) => Utf8.Bytes(Replace(Utf8.String(token), " "));

    private string Replace(string token, string by) => suffix.Length == 0 ? token : token.Replace(suffix, by, StringComparison.Ordinal);
}
