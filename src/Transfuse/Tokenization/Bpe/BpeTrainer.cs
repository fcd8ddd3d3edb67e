using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Tokenization.PreTokenizers;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Bpe;

/// <summary>
/// Trains byte-level BPE: the merges are those of Hugging Face's BpeTrainer with its ByteLevel pre-tokenizer on the same texts, ties
/// included (most frequent pair first, then smallest left id, then smallest right id).
/// </summary>
public static class BpeTrainer
{
    private const int TextsBetweenReports = 1024;

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
        var words = CountPieces(texts, normalizer, preTokenizer, progress, cancellationToken);
        var trainer = new BpeMergeLearner(options, specials, words);
        trainer.Run(progress, cancellationToken);
        return BpeTrainerComponents.Definition(options, specials, trainer.Vocabulary, trainer.Merges).Build("trained tokenizer");
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

    private static (BytesTable Words, List<long> Counts) CountPieces(
        IEnumerable<string> texts,
        Normalizers.Normalizer? normalizer,
        PreTokenizer preTokenizer,
        IProgress<RunEvent>? progress,
        CancellationToken cancellationToken)
    {
        var words = new BytesTable(1 << 14);
        var counts = new List<long>();
        var pieces = new PieceList();
        var (done, bytes) = (0L, 0L);
        foreach (var text in texts)
        {
            if (done++ % TextsBetweenReports == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Report(new ProgressEvent("count pieces", bytes, 0, "bytes", $"{words.Count} distinct pieces"));
            }

            var slice = new AlignedText(Utf8.Bytes(text)).All;
            bytes += slice.Length;
            pieces.Reset(normalizer?.Apply(slice) ?? slice);
            preTokenizer.Apply(pieces);
            foreach (var piece in pieces.Pieces)
            {
                var index = words.GetOrAdd(pieces.Text.Bytes.AsSpan(piece.Start, piece.End - piece.Start));
                if (index == counts.Count)
                {
                    counts.Add(0);
                }

                counts[index]++;
            }
        }

        return (words, counts);
    }
}
