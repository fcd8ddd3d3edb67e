namespace Transfuse.Tokenization.Decoders;

/// <summary>Takes back the spaces that word tokenizers put before English punctuation and contractions.</summary>
internal static class SpaceCleanUp
{
    private static readonly (string From, string To)[] Replacements =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"),
        (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    /// <summary>The cleaned text.</summary>
    /// <param name="text">One token as decoders clean it, or a whole text as transformers does.</param>
    /// <param name="contractsDoNot">Whether "do not" becomes "don't": decoders do that, transformers does not.</param>
    public static string Apply(string text, bool contractsDoNot)
    {
        foreach (var (from, to) in Replacements)
        {
            if (contractsDoNot || from is not " do not")
            {
                text = text.Replace(from, to, StringComparison.Ordinal);
            }
        }

        return text;
    }
}
