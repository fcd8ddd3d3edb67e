using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Decoders;

/// <summary>Connectionist temporal classification: repeated tokens count once, the pad token not at all.</summary>
internal sealed class CtcDecoder(string padToken, string wordDelimiter, bool cleanUp) : TokenDecoder
{
    /// <inheritdoc/>
    public override List<string> Decode(List<string> tokens)
    {
        var result = new List<string>();
        for (var i = 0; i < tokens.Count; i++)
        {
            if (i > 0 && string.Equals(tokens[i], tokens[i - 1], StringComparison.Ordinal))
            {
                continue;
            }

            if (Clean(tokens[i]) is { Length: > 0 } text)
            {
                result.Add(text);
            }
        }

        return result;
    }

    /// <inheritdoc/>
    public override byte[] Contribution(byte[] token) => Utf8.Bytes(Clean(Utf8.String(token)));

    private string Clean(string token)
    {
        token = padToken.Length == 0 ? token : token.Replace(padToken, "", StringComparison.Ordinal);
        if (!cleanUp)
        {
            return token;
        }

        token = SpaceCleanUp.Apply(token, contractsDoNot: true);
        return wordDelimiter.Length == 0 ? token : token.Replace(wordDelimiter, " ", StringComparison.Ordinal);
    }
}
