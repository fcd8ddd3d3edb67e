using Transfuse.Tokenization.Text;
using Transfuse.Tokenization.Unigram;

namespace Transfuse.Tokenization.Training;

/// <summary>All segmentations of a word into pieces, with the sums and maxima over them that training needs. Reuses its buffers.</summary>
internal sealed class UnigramLattice
{
    private const double UnknownPenalty = 10;
    private readonly PieceTrie _trie;
    private readonly double[] _scores;
    private readonly double _unknownScore;
    private readonly List<(int Start, int End, int Piece, double Score)> _edges = [];
    private double[] _forward = [];
    private double[] _backward = [];

    /// <summary>Indexes pieces.</summary>
    public UnigramLattice(List<(string Piece, double Score)> pieces)
    {
        _trie = new PieceTrie(pieces.Count);
        _scores = new double[pieces.Count];
        for (var i = 0; i < pieces.Count; i++)
        {
            _trie.Add(Utf8.Bytes(pieces[i].Piece), i);
            _scores[i] = pieces[i].Score;
        }

        _unknownScore = (_scores.Length == 0 ? 0 : _scores.Min()) - UnknownPenalty;
    }

    /// <summary>Adds count × P(piece is used at a place | word) for every piece and place (forward-backward in log space).</summary>
    public void AddExpectedCounts(ReadOnlySpan<byte> word, long count, double[] expected)
    {
        FindEdges(word, excluded: -1);
        Reserve(word.Length + 1);
        _forward.AsSpan(0, word.Length + 1).Fill(double.NegativeInfinity);
        _backward.AsSpan(0, word.Length + 1).Fill(double.NegativeInfinity);
        _forward[0] = 0;
        _backward[word.Length] = 0;
        foreach (var (start, end, _, score) in _edges)
        {
            _forward[end] = LogAdd(_forward[end], _forward[start] + score);
        }

        for (var i = _edges.Count - 1; i >= 0; i--)
        {
            var (start, end, _, score) = _edges[i];
            _backward[start] = LogAdd(_backward[start], _backward[end] + score);
        }

        var total = _forward[word.Length];
        foreach (var (start, end, piece, score) in _edges)
        {
            if (piece >= 0)
            {
                expected[piece] += count * Math.Exp(_forward[start] + score + _backward[end] - total);
            }
        }
    }

    /// <summary>The pieces of the best segmentation that does without one piece; empty if some character would be unknown.</summary>
    public List<int> Best(ReadOnlySpan<byte> word, int excluded)
    {
        FindEdges(word, excluded);
        Reserve(word.Length + 1);
        var into = new int[word.Length + 1];
        _forward.AsSpan(0, word.Length + 1).Fill(double.NegativeInfinity);
        _forward[0] = 0;
        for (var i = 0; i < _edges.Count; i++)
        {
            var (start, end, _, score) = _edges[i];
            if (_forward[start] + score > _forward[end])
            {
                _forward[end] = _forward[start] + score;
                into[end] = i;
            }
        }

        var pieces = new List<int>();
        for (var end = word.Length; end > 0; end = _edges[into[end]].Start)
        {
            var piece = _edges[into[end]].Piece;
            if (piece >= 0)
            {
                pieces.Add(piece);
            }
            else if (excluded >= 0)
            {
                return [];
            }
        }

        pieces.Reverse();
        return pieces;
    }

    /// <summary>Edges in order of their starts, so that everything before a start is known when its edges come.</summary>
    private void FindEdges(ReadOnlySpan<byte> word, int excluded)
    {
        _edges.Clear();
        for (var start = 0; start < word.Length;)
        {
            var single = Utf8.LengthOf(word[start]);
            var hasSingle = false;
            var node = PieceTrie.Root;
            for (var end = start; end < word.Length && _trie.Step(ref node, word[end], out var piece); end++)
            {
                if (piece >= 0 && piece != excluded)
                {
                    _edges.Add((start, end + 1, piece, _scores[piece]));
                    hasSingle |= end + 1 - start == single;
                }
            }

            if (!hasSingle)
            {
                _edges.Add((start, start + single, -1, _unknownScore));
            }

            start += single;
        }
    }

    private static double LogAdd(double a, double b)
    {
        var (low, high) = a < b ? (a, b) : (b, a);
        return double.IsNegativeInfinity(low) ? high : high + Math.Log(1 + Math.Exp(low - high));
    }

    private void Reserve(int count)
    {
        if (count > _forward.Length)
        {
            _forward = new double[2 * count];
            _backward = new double[2 * count];
        }
    }
}
