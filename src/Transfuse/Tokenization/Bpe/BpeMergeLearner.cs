using Transfuse.Diagnostics;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Bpe;

/// <summary>
/// Learns merges from counted words. Pair counts are updated only around the places of each merge; the queue may hold outdated counts,
/// which are corrected when they come up. An entry of the queue carries the words in which its pair arose, as in the original, because
/// that decides what is merged when two merges give the same token.
/// </summary>
internal sealed class BpeMergeLearner
{
    private const int MergesBetweenReports = 256;
    private readonly BpeTrainerOptions _options;
    private readonly List<long> _counts;
    private readonly List<byte[]> _tokens = [];
    private readonly BytesTable _byBytes = new(1 << 12);
    private readonly List<int> _idsByBytes = [];
    private readonly int[][] _words;
    private readonly int[] _lengths;
    private readonly Dictionary<long, long> _pairCounts = [];
    private readonly PriorityQueue<Candidate, Candidate> _queue = new(Candidate.Order);
    private readonly Dictionary<long, List<int>> _arisen = [];
    private readonly List<(int Left, int Right)> _merges = [];

    /// <summary>Prepares the alphabet and splits the words into symbols.</summary>
    public BpeMergeLearner(BpeTrainerOptions options, List<string> specials, (BytesTable Words, List<long> Counts) counted)
    {
        _options = options;
        _counts = counted.Counts;
        var byteIds = AddAlphabet(specials, counted.Words);
        _words = new int[counted.Words.Count][];
        _lengths = new int[_words.Length];
        for (var i = 0; i < _words.Length; i++)
        {
            var bytes = counted.Words.Key(i);
            var symbols = new int[bytes.Length];
            for (var j = 0; j < bytes.Length; j++)
            {
                symbols[j] = byteIds[bytes[j]];
            }

            _words[i] = symbols;
            _lengths[i] = symbols.Length;
        }
    }

    /// <summary>Ids by vocabulary string.</summary>
    public Dictionary<string, int> Vocabulary { get; } = new(StringComparer.Ordinal);

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

            return [.. _merges.Where((merge, index) => last[merge] == index).Select(merge => (Text(merge.Left), Text(merge.Right)))];
        }
    }

    /// <summary>Merges until the vocabulary is full or no pair is frequent enough.</summary>
    public void Run(IProgress<RunEvent>? progress, CancellationToken cancellationToken)
    {
        CountPairs();
        while (Vocabulary.Count < _options.VocabularySize && _queue.TryDequeue(out var top, out _))
        {
            var count = _pairCounts[Key(top.Left, top.Right)];
            if (count != top.Count)
            {
                top = top with { Count = count };
                _queue.Enqueue(top, top);
                continue;
            }

            if (count < 1 || count < _options.MinFrequency)
            {
                break;
            }

            Merge(top);
            if (_merges.Count % MergesBetweenReports == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Report(new ProgressEvent("learn merges", Vocabulary.Count, _options.VocabularySize, "tokens"));
            }
        }
    }

    /// <summary>Special tokens first, then the bytes in the order of their characters in the byte alphabet.</summary>
    private int[] AddAlphabet(List<string> specials, BytesTable words)
    {
        var used = new bool[256];
        Array.Fill(used, _options.FullByteAlphabet);
        for (var i = 0; i < words.Count; i++)
        {
            foreach (var value in words.Key(i))
            {
                used[value] = true;
            }
        }

        foreach (var special in specials)
        {
            AddToken(ByteAlphabet.TryToBytes(special), special);
        }

        var ids = new int[256];
        foreach (var value in Enumerable.Range(0, 256).Where(value => used[value]).OrderBy(value => ByteAlphabet.ToChar((byte)value)))
        {
            ids[value] = AddToken([(byte)value], null);
        }

        return ids;
    }

    /// <summary>The id of a token, new or not. A special token outside the byte alphabet can never be the result of a merge.</summary>
    private int AddToken(byte[]? bytes, string? text)
    {
        if (bytes is not null)
        {
            var index = _byBytes.GetOrAdd(bytes);
            if (index < _idsByBytes.Count)
            {
                return _idsByBytes[index];
            }

            _idsByBytes.Add(_tokens.Count);
        }

        Vocabulary.Add(text ?? ByteAlphabet.ToString(bytes), _tokens.Count);
        _tokens.Add(bytes ?? []);
        return _tokens.Count - 1;
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
        byte[] bytes = [.. _tokens[pair.Left], .. _tokens[pair.Right]];
        var id = AddToken(bytes, null);
        _merges.Add((pair.Left, pair.Right));
        foreach (var word in pair.Words)
        {
            MergeInWord(word, pair.Left, pair.Right, id, bytes.Length);
        }

        EnqueueArisen();
    }

    private void MergeInWord(int word, int left, int right, int id, int length)
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
                ChangeIfShort(symbols[write - 1], id, length + _tokens[symbols[write - 1]].Length, count, word);
            }

            symbols[write] = id;
            read++;
            if (read + 1 < n)
            {
                Change(right, symbols[read + 1], -count, word);
                ChangeIfShort(id, symbols[read + 1], length + _tokens[symbols[read + 1]].Length, count, word);
            }
        }

        _lengths[word] = write;
    }

    private void ChangeIfShort(int left, int right, int length, long count, int word)
    {
        if (length < (_options.MaximumTokenLength ?? int.MaxValue))
        {
            Change(left, right, count, word);
        }
    }

    private void Change(int left, int right, long count, int word)
    {
        var key = Key(left, right);
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_pairCounts, key, out _) += count;
        if (count <= 0)
        {
            return;
        }

        ref var words = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_arisen, key, out _);
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

    private string Text(int id) => ByteAlphabet.ToString(_tokens[id]);

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
