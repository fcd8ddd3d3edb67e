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
    public static string Apply(string text)
    {
        foreach (var (from, to) in Replacements)
        {
            text = text.Replace(from, to, StringComparison.Ordinal);
        }

        return text;
    }
}
