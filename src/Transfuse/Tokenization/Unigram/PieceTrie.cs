namespace Transfuse.Tokenization.Unigram;

/// <summary>Finds all vocabulary pieces that begin at a position: a trie over bytes.</summary>
internal sealed class PieceTrie
{
    private readonly Dictionary<long, int> _edges;
    private readonly List<int> _values = [-1];

    /// <summary>An empty trie with room for pieces.</summary>
    public PieceTrie(int capacity)
    {
        _edges = new Dictionary<long, int>(3 * capacity);
    }

    /// <summary>The node before the first byte.</summary>
    public static int Root => 0;

    /// <summary>Adds a piece with a value (not negative); a piece that is there keeps its first value.</summary>
    public void Add(ReadOnlySpan<byte> piece, int value)
    {
        var node = Root;
        foreach (var unit in piece)
        {
            var edge = ((long)node << 8) | unit;
            if (!_edges.TryGetValue(edge, out var child))
            {
                child = _values.Count;
                _edges.Add(edge, child);
                _values.Add(-1);
            }

            node = child;
        }

        if (_values[node] < 0)
        {
            _values[node] = value;
        }
    }

    /// <summary>Follows a byte; false at a dead end. <paramref name="value"/> is that of the piece that ends here, or -1.</summary>
    public bool Step(ref int node, byte unit, out int value)
    {
        if (_edges.TryGetValue(((long)node << 8) | unit, out node))
        {
            value = _values[node];
            return true;
        }

        value = -1;
        return false;
    }
}
