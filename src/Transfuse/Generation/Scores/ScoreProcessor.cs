namespace Transfuse.Generation.Scores;

/// <summary>Changes the scores of the next token; −∞ takes a token out.</summary>
internal abstract class ScoreProcessor
{
    /// <summary>Changes <paramref name="scores"/> in place.</summary>
    /// <param name="ids">The sequence so far, prompt and new tokens.</param>
    /// <param name="newTokens">How many of them are new.</param>
    /// <param name="scores">One score an id of the vocabulary: logits, or log-probabilities in beam search.</param>
    internal abstract void Apply(ReadOnlySpan<int> ids, int newTokens, Span<float> scores);
}
