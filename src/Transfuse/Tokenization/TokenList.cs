namespace Transfuse.Tokenization;

/// <summary>A growing list of tokens with byte ranges.</summary>
internal sealed class TokenList
{
    private int[] _ids = new int[64];
    private ByteSpan[] _spans = new ByteSpan[64];

    /// <summary>Number of tokens.</summary>
    public int Count { get; private set; }

    /// <summary>The ids so far.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>The ranges so far; may be rewritten in place.</summary>
    public Span<ByteSpan> Spans => _spans.AsSpan(0, Count);

    /// <summary>Adds a token.</summary>
    public void Add(int id, int start, int end)
    {
        if (Count == _ids.Length)
        {
            Array.Resize(ref _ids, 2 * Count);
            Array.Resize(ref _spans, 2 * Count);
        }

        _ids[Count] = id;
        _spans[Count++] = new ByteSpan(start, end);
    }

    /// <summary>Puts the last token first.</summary>
    public void Reverse()
    {
        _ids.AsSpan(0, Count).Reverse();
        Spans.Reverse();
    }

    /// <summary>Forgets all tokens.</summary>
    public void Clear() => Count = 0;
}
