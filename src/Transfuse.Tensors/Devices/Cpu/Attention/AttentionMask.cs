namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>Which keys a query sees: those at positions (p − window, p] for a query at position p, or all of its document.</summary>
internal readonly struct AttentionMask
{
    // Far more than any document has, far less than would overflow.
    private const int Unlimited = 1 << 30;
    private readonly bool _causal;
    private readonly int _window;

    internal AttentionMask(AttentionOptions options)
    {
        // A window is one-sided: it ends at the query's own position.
        _causal = options.Causal || options.Window > 0;
        _window = options.Window > 0 ? Math.Min(options.Window, Unlimited) : Unlimited;
    }

    /// <summary>Number of keys a query sees at most, 2³⁰ without a window.</summary>
    internal int Window => _window;

    /// <summary>First key that any query of the tile sees.</summary>
    internal int FirstKey(in AttentionTile tile) => Math.Clamp(tile.Position - _window + 1, 0, tile.KeyCount);

    /// <summary>Key after the last that any query of the tile sees.</summary>
    internal int EndKey(in AttentionTile tile) =>
        _causal ? Math.Clamp(tile.Position + tile.QueryCount, 0, tile.KeyCount) : tile.KeyCount;

    /// <summary>Whether some query of the tile does not see some key of [<paramref name="firstKey"/>, <paramref name="endKey"/>).</summary>
    internal bool Hides(in AttentionTile tile, int firstKey, int endKey) =>
        _causal && (endKey - 1 > tile.Position || tile.Position + tile.QueryCount - 1 - firstKey >= _window);

    /// <summary>Which of <paramref name="count"/> keys from <paramref name="firstKey"/> on the query at <paramref name="position"/> sees, counted from the first of them.</summary>
    internal (int Start, int End) KeysSeen(int position, int firstKey, int count) =>
        (Math.Clamp(position - _window + 1 - firstKey, 0, count), _causal ? Math.Clamp(position + 1 - firstKey, 0, count) : count);

    /// <summary>Which queries of the tile see a key, counted from the tile's first.</summary>
    internal (int Start, int End) QueriesThatSee(in AttentionTile tile, int key) =>
        (_causal ? Math.Clamp(key - tile.Position, 0, tile.QueryCount) : 0, Math.Clamp(key + _window - tile.Position, 0, tile.QueryCount));
}
