using System.Text;
using Transfuse.Diagnostics;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Training;

/// <summary>
/// Learns a unigram model: begins with many frequent substrings, estimates their probabilities by expectation maximisation over all
/// segmentations, and drops those whose loss costs the likelihood least, until the size is reached (Kudo 2018, §3.2).
/// </summary>
internal sealed class UnigramLearner
{
    private const int SubIterations = 2;
    private const double LeastExpectedCount = 0.5;
    private const double PruningMargin = 1.1;
    private readonly SentencePieceTrainerOptions _options;
    private readonly CountedPieces _words;
    private readonly HashSet<string> _required;

    /// <summary>Prepares for learning.</summary>
    /// <param name="options">Lengths, seed size, shrinking factor.</param>
    /// <param name="words">The corpus.</param>
    /// <param name="characters">Characters that must be pieces.</param>
    public UnigramLearner(SentencePieceTrainerOptions options, CountedPieces words, List<int> characters)
    {
        _options = options;
        _words = words;
        _required = [.. characters.Select(scalar => new Rune(scalar).ToString())];
    }

    /// <summary>The pieces with their log-probabilities, the best first; at most <paramref name="size"/>, all required characters among them.</summary>
    public List<(string Piece, double Score)> Run(int size, IProgress<RunEvent>? progress, CancellationToken cancellationToken)
    {
        var pieces = UnigramSeeds.Find(_words, _required, _options);
        while (true)
        {
            for (var i = 0; i < SubIterations; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                pieces = Reestimate(pieces);
            }

            progress?.Report(new ProgressEvent("prune pieces", pieces.Count, size, "pieces"));
            var target = (int)(size * PruningMargin);
            if (pieces.Count <= target)
            {
                return Finish(pieces, size);
            }

            var pruned = Prune(pieces, Math.Max(target, (int)(_options.ShrinkingFactor * pieces.Count)));
            if (pruned.Count == pieces.Count)
            {
                return Finish(pieces, size);
            }

            pieces = pruned;
        }
    }

    /// <summary>One step of expectation maximisation with the digamma function in place of the logarithm, which favours fewer pieces.</summary>
    private List<(string Piece, double Score)> Reestimate(List<(string Piece, double Score)> pieces)
    {
        var lattice = new UnigramLattice(pieces);
        var expected = new double[pieces.Count];
        for (var word = 0; word < _words.Count; word++)
        {
            lattice.AddExpectedCounts(_words[word], _words.Counts[word], expected);
        }

        var kept = new List<(string Piece, double Count)>();
        for (var i = 0; i < expected.Length; i++)
        {
            if (expected[i] >= LeastExpectedCount || _required.Contains(pieces[i].Piece))
            {
                kept.Add((pieces[i].Piece, Math.Max(expected[i], LeastExpectedCount)));
            }
        }

        var logTotal = Digamma(kept.Sum(piece => piece.Count));
        return [.. kept.Select(piece => (piece.Piece, Digamma(piece.Count) - logTotal))];
    }

    /// <summary>
    /// Keeps the pieces whose removal would cost most. A removed piece is spelled by its best other segmentation; the loss is the share
    /// of words that use it, times the difference of the log-probabilities.
    /// </summary>
    private List<(string Piece, double Score)> Prune(List<(string Piece, double Score)> pieces, int size)
    {
        var lattice = new UnigramLattice(pieces);
        var used = new double[pieces.Count];
        var wordsUsing = new double[pieces.Count];
        double totalWords = 0;
        for (var word = 0; word < _words.Count; word++)
        {
            var count = _words.Counts[word];
            totalWords += count;
            foreach (var piece in lattice.Best(_words[word], excluded: -1))
            {
                used[piece] += count;
                wordsUsing[piece] += count;
            }
        }

        var total = used.Sum();
        var kept = new List<int>();
        var candidates = new List<(int Piece, double Loss)>();
        for (var i = 0; i < pieces.Count; i++)
        {
            var other = lattice.Best(Utf8.Bytes(pieces[i].Piece), excluded: i);
            if (_required.Contains(pieces[i].Piece) || other.Count == 0)
            {
                kept.Add(i);
            }
            else if (used[i] > 0)
            {
                candidates.Add((i, Loss(i, other, used, wordsUsing[i] / totalWords, total)));
            }
        }

        kept.AddRange(candidates.OrderByDescending(candidate => candidate.Loss).ThenBy(candidate => candidate.Piece)
            .Take(Math.Max(0, size - kept.Count)).Select(candidate => candidate.Piece));
        kept.Sort();
        return [.. kept.Select(piece => pieces[piece])];
    }

    private static double Loss(int piece, List<int> other, double[] used, double shareOfWords, double total)
    {
        var logPiece = Math.Log(used[piece]) - Math.Log(total);
        var logOtherTotal = Math.Log(total + (used[piece] * (other.Count - 1)));
        var logOther = other.Sum(part => Math.Log(used[part] + used[piece]) - logOtherTotal);
        return shareOfWords * (logPiece - logOther);
    }

    private List<(string Piece, double Score)> Finish(List<(string Piece, double Score)> pieces, int size)
    {
        var ranked = pieces.OrderByDescending(piece => piece.Score).ThenBy(piece => piece.Piece, StringComparer.Ordinal).ToList();
        var optional = Math.Max(0, size - ranked.Count(piece => _required.Contains(piece.Piece)));
        return [.. ranked.Where(piece => _required.Contains(piece.Piece) || optional-- > 0)];
    }

    /// <summary>ψ(x): recurrence up to 7, then the asymptotic series; the error is below 1e-10 for x ≥ 0.5.</summary>
    private static double Digamma(double x)
    {
        double result = 0;
        for (; x < 7; x++)
        {
            result -= 1 / x;
        }

        x -= 0.5;
        var square = 1 / (x * x);
        return result + Math.Log(x) + (square * ((1.0 / 24) + (square * ((-7.0 / 960) + (square * ((31.0 / 8064) - (square * 127.0 / 30720)))))));
    }
}
