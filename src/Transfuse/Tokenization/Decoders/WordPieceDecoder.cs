using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Decoders;

/// <summary>Joins words by spaces and word parts (<c>##ing</c>) directly; may take back the spaces before punctuation.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanUp) : TokenDecoder
{
    /// <inheritdoc/>
    public override List<string> Decode(List<string> tokens)
    {
        var result = new List<string>(tokens.Count);
        foreach (var token in tokens)
        {
            var text = result.Count == 0 ? token : Continued(token);
            result.Add(cleanUp ? SpaceCleanUp.Apply(text, contractsDoNot: true) : text);
        }

        return result;
    }

    /// <inheritdoc/>
    public override byte[] Contribution(byte[] token) => Utf8.Bytes(Continued(Utf8.String(token)));

    private string Continued(string token) => token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
}
