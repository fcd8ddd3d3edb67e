using System.Text;
using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.Text;
using Transfuse.Tokenization.Unigram;

namespace Transfuse.Tokenization.Training;

/// <summary>Trains tokenizers of SentencePiece's kind in the form of tokenizer.json.</summary>
public static class SentencePieceTrainer
{
    /// <summary>Trains BPE over characters (Llama 2's kind): the most frequent pair first, ties to the smaller ids.</summary>
    /// <param name="texts">The texts; each is cut into words by itself.</param>
    /// <param name="options">Size, special tokens, coverage.</param>
    /// <param name="progress">Receives <see cref="ProgressEvent"/>s, or null.</param>
    /// <param name="cancellationToken">Stops the training.</param>
    /// <returns>A tokenizer that <see cref="TokenizerFile.Save"/> can write.</returns>
    /// <exception cref="TokenizerException">The options contradict each other.</exception>
    public static Tokenizer TrainBpe(
        IEnumerable<string> texts, SentencePieceTrainerOptions options, IProgress<RunEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        var (words, characters) = Count(texts, options, progress, cancellationToken);
        var alphabet = new BpeAlphabet(isByteLevel: false);
        foreach (var reserved in SentencePieceComponents.Reserved(options))
        {
            alphabet.AddNamed(reserved);
        }

        var ids = characters.ToDictionary(scalar => scalar, scalar => alphabet.AddNamed(new Rune(scalar).ToString()));
        int[][] symbols = [.. Enumerable.Range(0, words.Count).Select(word => Symbols(words[word], ids))];
        var learner = new BpeMergeLearner(alphabet, symbols, words.Counts, options.MaximumPieceLength + 1);
        learner.Run(options.VocabularySize, options.MinFrequency, progress, cancellationToken);
        return SentencePieceComponents.Build(options, new BpeDefinition
        {
            Vocabulary = alphabet.Vocabulary,
            Merges = learner.Merges,
            UnknownToken = options.UnknownToken,
            FuseUnknown = true,
            ByteFallback = options.ByteFallback,
        });
    }

    /// <summary>Trains a unigram model (Kudo 2018, arXiv 1804.10959, §3.2): frequent substrings, expectation maximisation, pruning.</summary>
    /// <inheritdoc cref="TrainBpe"/>
    public static Tokenizer TrainUnigram(
        IEnumerable<string> texts, SentencePieceTrainerOptions options, IProgress<RunEvent>? progress = null, CancellationToken cancellationToken = default)
    {
        var (words, characters) = Count(texts, options, progress, cancellationToken);
        List<string> reserved = [.. SentencePieceComponents.Reserved(options)];
        var learner = new UnigramLearner(options, words, characters);
        var learnt = learner.Run(options.VocabularySize - reserved.Count, progress, cancellationToken);
        return SentencePieceComponents.Build(options, new UnigramDefinition
        {
            Pieces = [.. reserved.Select(token => (token, 0.0)), .. learnt.Where(piece => !reserved.Contains(piece.Piece, StringComparer.Ordinal))],
            UnknownId = options.SpecialTokens.ToList().IndexOf(options.UnknownToken),
            ByteFallback = options.ByteFallback,
        });
    }

    private static (CountedPieces Words, List<int> Characters) Count(
        IEnumerable<string> texts, SentencePieceTrainerOptions options, IProgress<RunEvent>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(options);
        SentencePieceComponents.Check(options);
        var (normalizer, preTokenizer) = SentencePieceComponents.BeforeModel(options);
        var words = CountedPieces.Of(texts, normalizer, preTokenizer, progress, cancellationToken);
        var characters = CharacterCounts.Covering(words, options.CharacterCoverage);
        var least = SentencePieceComponents.Reserved(options).Count() + characters.Count;
        return options.VocabularySize >= least
            ? (words, characters)
            : throw new TokenizerException(
                "SentencePiece training options",
                $"a vocabulary of {options.VocabularySize} cannot hold {least} special tokens, bytes and characters. Raise VocabularySize or lower CharacterCoverage.");
    }

    private static int[] Symbols(ReadOnlySpan<byte> word, Dictionary<int, int> ids)
    {
        var symbols = new List<int>(word.Length);
        for (var i = 0; i < word.Length;)
        {
            symbols.Add(ids.GetValueOrDefault(Utf8.Decode(word, i, out var length), BpeMergeLearner.Barrier));
            i += length;
        }

        return [.. symbols];
    }
}
