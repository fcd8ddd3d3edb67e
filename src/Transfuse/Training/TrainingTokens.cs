using Transfuse.Tokenization;

namespace Transfuse.Training;

/// <summary>A document's tokens for training: what the tokenizer's post-processor gives (BOS …), and EOS at the end where the vocabulary has one.</summary>
public static class TrainingTokens
{
    /// <summary>Tokens that are read and predicted; the end of the text is predicted too, so that a model learns to stop.</summary>
    public static int[] Of(Tokenizer tokenizer, string text)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var ids = tokenizer.Encode(text).Ids;
        return tokenizer.EosId is { } eos && (ids.Length == 0 || ids[^1] != eos || ids.Length == 1) ? [.. ids, eos] : ids;
    }
}
