namespace Transfuse.Distributions;

/// <summary>
/// A stretch of one document that goes through the model at once. Row r of it is token <c>Start + r − (HasPrefix ? 1 : 0)</c>; only the
/// distributions of the tokens from <c>FirstKept</c> on are kept, those before were predicted with more context by the window before.
/// </summary>
/// <param name="Document">Index of the document in its group.</param>
/// <param name="Start">First token of the document.</param>
/// <param name="End">Token after the last.</param>
/// <param name="FirstKept">First token whose distribution is kept.</param>
/// <param name="HasPrefix">Whether the beginning-of-text token stands before, as at the beginning of every text the model learnt.</param>
internal readonly record struct TokenWindow(int Document, int Start, int End, int FirstKept, bool HasPrefix)
{
    /// <summary>Rows of the forward pass.</summary>
    public int Rows => End - Start + (HasPrefix ? 1 : 0);

    /// <summary>The windows that cover a document of <paramref name="tokens"/> tokens.</summary>
    /// <param name="document">Index of the document.</param>
    /// <param name="tokens">Number of its tokens.</param>
    /// <param name="context">Most rows of a window.</param>
    /// <param name="overlap">Tokens that a window repeats.</param>
    /// <param name="prefixed">Whether later windows get a beginning-of-text token.</param>
    public static IEnumerable<TokenWindow> Cover(int document, int tokens, int context, int overlap, bool prefixed)
    {
        var covered = 0;
        while (covered < tokens)
        {
            var start = Math.Max(0, covered - overlap);
            var hasPrefix = prefixed && start > 0;
            var end = Math.Min(tokens, start + context - (hasPrefix ? 1 : 0));
            yield return new TokenWindow(document, start, end, covered, hasPrefix);
            covered = end;
        }
    }
}
