namespace Transfuse.Tokenization.Text;

/// <summary>Builds rewritten text with its alignment.</summary>
internal sealed class AlignedTextBuilder(int capacity)
{
    private byte[] _bytes = new byte[Math.Max(capacity, 16)];
    private int[] _starts = new int[Math.Max(capacity, 16)];
    private int[] _ends = new int[Math.Max(capacity, 16)];

    /// <summary>Number of bytes so far.</summary>
    public int Length { get; private set; }

    /// <summary>Adds bytes that all stand for the same range of the original.</summary>
    public void Append(ReadOnlySpan<byte> bytes, int originStart, int originEnd)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        _starts.AsSpan(Length, bytes.Length).Fill(originStart);
        _ends.AsSpan(Length, bytes.Length).Fill(originEnd);
        Length += bytes.Length;
    }

    /// <summary>Adds one code point that stands for a range of the original.</summary>
    public void Append(int scalar, int originStart, int originEnd)
    {
        Span<byte> bytes = stackalloc byte[4];
        Append(bytes[..Utf8.Encode(scalar, bytes)], originStart, originEnd);
    }

    /// <summary>Adds bytes [from, to) of another text unchanged.</summary>
    public void Copy(AlignedText text, int from, int to)
    {
        Reserve(to - from);
        text.Bytes.AsSpan(from, to - from).CopyTo(_bytes.AsSpan(Length));
        for (var i = from; i < to; i++)
        {
            _starts[Length] = text.OriginStart(i);
            _ends[Length++] = text.OriginEnd(i);
        }
    }

    /// <summary>Drops all copies of a suffix; says where the first of them begins in the original, null if there was none.</summary>
    public int? TrimEnd(ReadOnlySpan<byte> suffix)
    {
        int? start = null;
        while (_bytes.AsSpan(0, Length).EndsWith(suffix))
        {
            Length -= suffix.Length;
            start = _starts[Length];
        }

        return start;
    }

    /// <summary>The text; the builder must not be used afterwards.</summary>
    public AlignedText Build() => new(_bytes, Length, _starts, _ends);

    private void Reserve(int count)
    {
        if (Length + count > _bytes.Length)
        {
            var size = Math.Max(Length + count, 2 * _bytes.Length);
            Array.Resize(ref _bytes, size);
            Array.Resize(ref _starts, size);
            Array.Resize(ref _ends, size);
        }
    }
}
