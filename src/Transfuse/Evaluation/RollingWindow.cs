namespace Transfuse.Evaluation;

/// <summary>One window over a tokenised document: it reads tokens from <paramref name="Start"/> and predicts those from <paramref name="FirstPredicted"/>.</summary>
/// <param name="Start">First token read.</param>
/// <param name="FirstPredicted">First token whose probability counts; at least one token after <paramref name="Start"/>.</param>
/// <param name="End">Token after the last one predicted.</param>
public readonly record struct RollingWindow(int Start, int FirstPredicted, int End)
{
    /// <summary>
    /// Windows that together predict every token but the first exactly once. The first reads from the beginning; each later one predicts
    /// <paramref name="stride"/> more tokens with as much context as fits.
    /// </summary>
    /// <param name="tokens">Tokens of the document, BOS included.</param>
    /// <param name="window">Most tokens a window reads.</param>
    /// <param name="stride">Tokens predicted by each window after the first, at most <paramref name="window"/>.</param>
    public static IEnumerable<RollingWindow> Cover(int tokens, int window, int stride)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stride, window);
        return Enumerate();

        IEnumerable<RollingWindow> Enumerate()
        {
            // A window that reads w tokens predicts up to the token after its last one, so it spans w + 1.
            for (var predicted = 1; predicted < tokens;)
            {
                var end = Math.Min(tokens, predicted == 1 ? window + 1 : predicted + stride);
                yield return new RollingWindow(Math.Max(0, end - 1 - window), predicted, end);
                predicted = end;
            }
        }
    }
}
