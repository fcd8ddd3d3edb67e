namespace Transfuse.Tokenization.Text;

/// <summary>Builds rewritten text with its alignment.</summary>
internal sealed class AlignedTextBuilder
{
    private const int LargestKept = 1 << 16;

    private byte[] _bytes = [];
    private int[] _starts = [];
    private int[] _ends = [];

    /// <summary>Starts with room for bytes.</summary>
    public AlignedTextBuilder(int capacity)
    {
        Reset(capacity);
    }

    /// <summary>Number of bytes so far.</summary>
    public int Length { get; private set; }

    /// <summary>Starts anew with room for bytes; the text built before is lost, unless it was large: memory for large texts is not kept.</summary>
    public void Reset(int capacity)
    {
        Length = 0;
        if (capacity > _bytes.Length || _bytes.Length > LargestKept)
        {
            // Only what is written counts, and clearing would take as long as writing.
            var size = Math.Max(capacity, 16);
            _bytes = GC.AllocateUninitializedArray<byte>(size);
            _starts = GC.AllocateUninitializedArray<int>(size);
            _ends = GC.AllocateUninitializedArray<int>(size);
        }
    }

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
        var count = to - from;
        Reserve(count);
        text.Bytes.AsSpan(from, count).CopyTo(_bytes.AsSpan(Length));
        text.CopyOrigins(from, _starts.AsSpan(Length, count), _ends.AsSpan(Length, count));
        Length += count;
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

    /// <summary>The text; it is lost when the builder is used again.</summary>
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
