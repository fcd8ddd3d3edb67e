using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Decoders;

/// <summary>Drops up to <c>start</c> and <c>stop</c> copies of a character at the ends of each token.</summary>
internal sealed class StripDecoder(string content, int start, int stop) : TokenDecoder
{
    /// <inheritdoc/>
    public override List<string> Decode(List<string> tokens) => tokens.ConvertAll(Strip);

    /// <inheritdoc/>
    public override byte[] Contribution(byte[] token) => Utf8.Bytes(Strip(Utf8.String(token)));

    private string Strip(string token)
    {
        if (content.Length == 0)
        {
            return token;
        }

        for (var i = 0; i < start && token.StartsWith(content, StringComparison.Ordinal); i++)
        {
            token = token[content.Length..];
        }

        for (var i = 0; i < stop && token.EndsWith(content, StringComparison.Ordinal); i++)
        {
            token = token[..^content.Length];
        }

        return token;
    }
}
