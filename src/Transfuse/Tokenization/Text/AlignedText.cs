namespace Transfuse.Tokenization.Text;

/// <summary>
/// UTF-8 text that remembers where each of its bytes comes from in the original. The original itself is aligned with itself, byte
/// by byte; rewritten text carries the byte range of the source character (an empty range for inserted characters).
/// </summary>
internal sealed class AlignedText
{
    private readonly int[]? _starts;
    private readonly int[]? _ends;

    /// <summary>Wraps the original text.</summary>
    public AlignedText(byte[] original)
    {
        Bytes = original;
        Length = original.Length;
    }

    /// <summary>Wraps rewritten text; the arrays may be longer than <paramref name="length"/>.</summary>
    public AlignedText(byte[] bytes, int length, int[] starts, int[] ends)
    {
        Bytes = bytes;
        Length = length;
        _starts = starts;
        _ends = ends;
    }

    /// <summary>The bytes; only the first <see cref="Length"/> count.</summary>
    public byte[] Bytes { get; }

    /// <summary>Number of bytes.</summary>
    public int Length { get; }

    /// <summary>Whether this is the original itself, so that positions are its own.</summary>
    public bool IsOriginal => _starts is null;

    /// <summary>The whole text as a slice.</summary>
    public TextSlice All => new(this, 0, Length);

    /// <summary>Where byte <paramref name="index"/> begins in the original.</summary>
    public int OriginStart(int index) => _starts is null ? index : _starts[index];

    /// <summary>Where byte <paramref name="index"/> ends in the original.</summary>
    public int OriginEnd(int index) => _ends is null ? index + 1 : _ends[index];

    /// <summary>Where the bytes from <paramref name="from"/> on begin and end in the original, as many as there is room for.</summary>
    public void CopyOrigins(int from, Span<int> starts, Span<int> ends)
    {
        if (_starts is not null)
        {
            _starts.AsSpan(from, starts.Length).CopyTo(starts);
            _ends.AsSpan(from, ends.Length).CopyTo(ends);
            return;
        }

        for (var i = 0; i < starts.Length && i < ends.Length; i++)
        {
            starts[i] = from + i;
            ends[i] = from + i + 1;
        }
    }

    /// <summary>The range of the original that bytes [from, to) stand for.</summary>
    public ByteSpan Origin(int from, int to)
    {
        if (_starts is null)
        {
            return new ByteSpan(from, to);
        }

        if (from < to)
        {
            return new ByteSpan(_starts[from], Math.Max(_starts[from], _ends![to - 1]));
        }

        var position = from < Length ? _starts[from] : Length > 0 ? _ends![Length - 1] : 0;
        return new ByteSpan(position, position);
    }
}
