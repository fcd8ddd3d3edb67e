using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Tokenization.Training;

namespace Transfuse.Tokenization.Bpe;

/// <summary>
/// Trains byte-level BPE: the merges are those of Hugging Face's BpeTrainer with its ByteLevel pre-tokenizer on the same texts, ties
/// included (most frequent pair first, then smallest left id, then smallest right id).
/// </summary>
public static class BpeTrainer
{
    /// <summary>Trains a tokenizer.</summary>
    /// <param name="texts">The texts; each is cut into pieces by itself.</param>
    /// <param name="options">Size, special tokens, pattern.</param>
    /// <param name="progress">Receives <see cref="ProgressEvent"/>s, or null.</param>
    /// <param name="cancellationToken">Stops the training.</param>
    /// <returns>A tokenizer that <see cref="TokenizerFile.Save"/> can write.</returns>
    /// <exception cref="TokenizerException">The options contradict each other.</exception>
    public static Tokenizer Train(
        IEnumerable<string> texts, BpeTrainerOptions options, IProgress<RunEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(options);
        var specials = CheckOptions(options);
        var (normalizer, preTokenizer) = BpeTrainerComponents.BeforeModel(options);
        var words = CountedPieces.Of(texts, normalizer, preTokenizer, progress, cancellationToken);
        var alphabet = new BpeAlphabet(isByteLevel: true);
        var byteIds = AddAlphabet(alphabet, options, specials, words);
        int[][] symbols = [.. Enumerable.Range(0, words.Count).Select(word => Symbols(words[word], byteIds))];
        var learner = new BpeMergeLearner(alphabet, symbols, words.Counts, options.MaximumTokenLength);
        learner.Run(options.VocabularySize, options.MinFrequency, progress, cancellationToken);
        return BpeTrainerComponents.Definition(options, specials, alphabet.Vocabulary, learner.Merges).Build("trained tokenizer");
    }

    private static List<string> CheckOptions(BpeTrainerOptions options)
    {
        const string Source = "BPE training options";
        var specials = options.SpecialTokens.Distinct(StringComparer.Ordinal).ToList();
        if (specials.Exists(string.IsNullOrEmpty))
        {
            throw new TokenizerException(Source, "a special token is empty. Give each some text.");
        }

        foreach (var role in new[] { options.BosToken, options.EosToken })
        {
            if (role is not null && !specials.Contains(role, StringComparer.Ordinal))
            {
                throw new TokenizerException(Source, $"'{role}' is to begin or end texts but is not a special token. Add it to SpecialTokens.");
            }
        }

        if ((options.AddBos && options.BosToken is null) || (options.AddEos && options.EosToken is null))
        {
            throw new TokenizerException(Source, "AddBos and AddEos need a BosToken and EosToken.");
        }

        var least = specials.Count + (options.FullByteAlphabet ? 256 : 0);
        return options.VocabularySize >= least
            ? specials
            : throw new TokenizerException(Source, $"a vocabulary of {options.VocabularySize} cannot hold {least} special tokens and bytes. Raise VocabularySize.");
    }

    /// <summary>Special tokens first, then the bytes in the order of their characters in the byte alphabet.</summary>
    private static int[] AddAlphabet(BpeAlphabet alphabet, BpeTrainerOptions options, List<string> specials, CountedPieces words)
    {
        var used = new bool[256];
        Array.Fill(used, options.FullByteAlphabet);
        for (var i = 0; i < words.Count; i++)
        {
            foreach (var value in words[i])
            {
                used[value] = true;
            }
        }

        foreach (var special in specials)
        {
            alphabet.AddNamed(special);
        }

        var ids = new int[256];
        foreach (var value in Enumerable.Range(0, 256).Where(value => used[value]).OrderBy(value => ByteAlphabet.ToChar((byte)value)))
        {
            ids[value] = alphabet.Add([(byte)value]);
        }

        return ids;
    }

    private static int[] Symbols(ReadOnlySpan<byte> word, int[] byteIds)
    {
        var symbols = new int[word.Length];
        for (var i = 0; i < symbols.Length; i++)
        {
            symbols[i] = byteIds[word[i]];
        }

        return symbols;
    }
}
