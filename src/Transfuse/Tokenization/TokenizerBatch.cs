namespace Transfuse.Tokenization;

/// <summary>Tokenises many texts on several threads.</summary>
public static class TokenizerBatch
{
    /// <summary>Tokenises texts; the results do not depend on the number of threads.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="addSpecialTokens">Whether to add what the tokenizer's post-processor adds.</param>
    /// <param name="threads">Largest number of threads; 0 for one per processor.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>One encoding for each text, in order.</returns>
    /// <exception cref="Errors.TokenizerException">A text cannot be tokenised; the first such text in order is reported.</exception>
    public static Encoding[] EncodeAll(
        this Tokenizer tokenizer, IReadOnlyList<string> texts, bool addSpecialTokens = true, int threads = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        var encodings = new Encoding[texts.Count];
        var failures = new Exception?[texts.Count];
        var options = new ParallelOptions
        {
            CancellationToken = cancellationToken,
            MaxDegreeOfParallelism = threads == 0 ? Environment.ProcessorCount : threads,
        };
        Parallel.For(0, texts.Count, options, index =>
        {
            try
            {
                encodings[index] = tokenizer.Encode(texts[index], addSpecialTokens);
            }
            catch (Errors.TokenizerException exception)
            {
                failures[index] = exception;
            }
        });
        var failed = Array.FindIndex(failures, failure => failure is not null);
        return failed < 0
            ? encodings
            : throw new Errors.TokenizerException($"text {failed}", failures[failed]!.Message, failures[failed]);
    }
}
