using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Decoders;

/// <summary>▁ to spaces; the first token loses its marks unless the scheme never puts one in front.</summary>
internal sealed class MetaspaceDecoder(string replacement, bool prepends) : TokenDecoder
{
    /// <inheritdoc/>
    public override List<string> Decode(List<string> tokens)
    {
        var result = tokens.ConvertAll(token => token.Replace(replacement, " ", StringComparison.Ordinal));
        if (result.Count > 0 && prepends)
        {
            // The original drops every mark of the first token, not only the leading one.
            result[0] = tokens[0].Replace(replacement, "", StringComparison.Ordinal);
        }

        return result;
    }

    /// <inheritdoc/>
    public override byte[] Contribution(byte[] token) => Utf8.Bytes(Utf8.String(token).Replace(replacement, " ", StringComparison.Ordinal));
}
