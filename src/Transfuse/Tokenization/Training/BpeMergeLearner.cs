using System.Runtime.InteropServices;
using Transfuse.Diagnostics;

namespace Transfuse.Tokenization.Training;

/// <summary>
/// Learns merges from counted words. Pair counts are updated only around the places of each merge; the queue may hold outdated counts,
/// which are corrected when they come up. An entry of the queue carries the words in which its pair arose, as in the original, because
/// that decides what is merged when two merges give the same token.
/// </summary>
internal sealed class BpeMergeLearner
{
    /// <summary>A symbol that takes part in no merge.</summary>
    public const int Barrier = -1;

    private const int MergesBetweenReports = 256;
    private readonly BpeAlphabet _alphabet;
    private readonly int[][] _words;
    private readonly int[] _lengths;
    private readonly IReadOnlyList<long> _counts;
    private readonly int _maximumLength;
    private readonly Dictionary<long, long> _pairCounts = [];
    private readonly PriorityQueue<Candidate, Candidate> _queue = new(Candidate.Order);
    private readonly Dictionary<long, List<int>> _arisen = [];
    private readonly List<(int Left, int Right)> _merges = [];

    /// <summary>Prepares for learning.</summary>
    /// <param name="alphabet">The vocabulary so far; receives the merged tokens.</param>
    /// <param name="words">The symbols of each word; rewritten in place.</param>
    /// <param name="counts">How often each word occurs.</param>
    /// <param name="maximumLength">Merged tokens stay below this number of symbols, but never below two; null for no limit.</param>
    public BpeMergeLearner(BpeAlphabet alphabet, int[][] words, IReadOnlyList<long> counts, int? maximumLength)
    {
        _alphabet = alphabet;
        _words = words;
        _lengths = Array.ConvertAll(words, word => word.Length);
        _counts = counts;
        _maximumLength = maximumLength ?? int.MaxValue;
    }

    /// <summary>The merges in order of rank; a pair that was merged twice counts with its later rank.</summary>
    public List<(string Left, string Right)> Merges
    {
        get
        {
            var last = new Dictionary<(int, int), int>();
            for (var i = 0; i < _merges.Count; i++)
            {
                last[_merges[i]] = i;
            }

            return [.. _merges.Where((merge, index) => last[merge] == index).Select(merge => (_alphabet.Text(merge.Left), _alphabet.Text(merge.Right)))];
        }
    }

    /// <summary>Merges until the vocabulary is full or no pair is frequent enough.</summary>
    public void Run(int vocabularySize, long minFrequency, IProgress<RunEvent>? progress, CancellationToken cancellationToken)
    {
        CountPairs();
        while (_alphabet.Vocabulary.Count < vocabularySize && _queue.TryDequeue(out var top, out _))
        {
            var count = _pairCounts[Key(top.Left, top.Right)];
            if (count != top.Count)
            {
                top = top with { Count = count };
                _queue.Enqueue(top, top);
                continue;
            }

            if (count < 1 || count < minFrequency)
            {
                break;
            }

            Merge(top);
            if (_merges.Count % MergesBetweenReports == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Report(new ProgressEvent("learn merges", _alphabet.Vocabulary.Count, vocabularySize, "tokens"));
            }
        }
    }

    private void CountPairs()
    {
        for (var word = 0; word < _words.Length; word++)
        {
            var symbols = _words[word];
            for (var i = 0; i + 1 < symbols.Length; i++)
            {
                Change(symbols[i], symbols[i + 1], _counts[word], word);
            }
        }

        EnqueueArisen();
    }

    private void Merge(Candidate pair)
    {
        var id = _alphabet.Join(pair.Left, pair.Right);
        _merges.Add((pair.Left, pair.Right));
        foreach (var word in pair.Words)
        {
            MergeInWord(word, pair.Left, pair.Right, id);
        }

        EnqueueArisen();
    }

    private void MergeInWord(int word, int left, int right, int id)
    {
        var symbols = _words[word];
        var count = _counts[word];
        var n = _lengths[word];
        var write = 0;
        for (var read = 0; read < n; read++, write++)
        {
            if (symbols[read] != left || read + 1 >= n || symbols[read + 1] != right)
            {
                symbols[write] = symbols[read];
                continue;
            }

            if (write > 0)
            {
                Change(symbols[write - 1], left, -count, word);
                ChangeIfShort(symbols[write - 1], id, count, word);
            }

            symbols[write] = id;
            read++;
            if (read + 1 < n)
            {
                Change(right, symbols[read + 1], -count, word);
                ChangeIfShort(id, symbols[read + 1], count, word);
            }
        }

        _lengths[word] = write;
    }

    private void ChangeIfShort(int left, int right, long count, int word)
    {
        if (left != Barrier && right != Barrier && _alphabet.Length(left) + _alphabet.Length(right) < _maximumLength)
        {
            Change(left, right, count, word);
        }
    }

    private void Change(int left, int right, long count, int word)
    {
        if (left == Barrier || right == Barrier)
        {
            return;
        }

        var key = Key(left, right);
        CollectionsMarshal.GetValueRefOrAddDefault(_pairCounts, key, out _) += count;
        if (count <= 0)
        {
            return;
        }

        ref var words = ref CollectionsMarshal.GetValueRefOrAddDefault(_arisen, key, out _);
        words ??= [];
        if (words.Count == 0 || words[^1] != word)
        {
            words.Add(word);
        }
    }

    private void EnqueueArisen()
    {
        foreach (var (key, words) in _arisen)
        {
            var count = _pairCounts[key];
            if (count > 0)
            {
                var candidate = new Candidate((int)(key >> 32), (int)key, count, words);
                _queue.Enqueue(candidate, candidate);
            }
        }

        _arisen.Clear();
    }

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;

    private sealed record Candidate(int Left, int Right, long Count, List<int> Words)
    {
        public static readonly Comparer<Candidate> Order = Comparer<Candidate>.Create((a, b) =>
        {
            var byCount = b.Count.CompareTo(a.Count);
            var byLeft = a.Left.CompareTo(b.Left);
            return byCount != 0 ? byCount : byLeft != 0 ? byLeft : a.Right.CompareTo(b.Right);
        });
    }
}
