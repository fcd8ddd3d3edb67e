namespace Transfuse.Distributions;

/// <summary>Reads what <see cref="BitWriter"/> wrote and never past the end.</summary>
internal ref struct BitReader
{
    private readonly ReadOnlySpan<byte> _bytes;
    private int _next;
    private ulong _pending;
    private int _pendingBits;

    /// <summary>Reads from the first bit of <paramref name="bytes"/>.</summary>
    public BitReader(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
    }

    /// <summary>Bits not read yet.</summary>
    public readonly long Remaining => (8L * (_bytes.Length - _next)) + _pendingBits;

    /// <summary>The next <paramref name="width"/> bits (0 to 32).</summary>
    /// <exception cref="InvalidDataException">Fewer bits are left.</exception>
    public uint Read(int width)
    {
        while (_pendingBits < width)
        {
            if (_next == _bytes.Length)
            {
                throw new InvalidDataException("the data ends too early");
            }

            _pending |= (ulong)_bytes[_next++] << _pendingBits;
            _pendingBits += 8;
        }

        var value = (uint)(_pending & ((1ul << width) - 1));
        _pending >>= width;
        _pendingBits -= width;
        return value;
    }

    /// <summary>The next value in the Rice code of the parameter.</summary>
    /// <exception cref="InvalidDataException">Fewer bits are left.</exception>
    public uint ReadRice(int parameter)
    {
        uint high = 0;
        while (high < BitWriter.RiceEscape && Read(1) == 1)
        {
            high++;
        }

        return high == BitWriter.RiceEscape ? Read(BitWriter.RiceEscapeWidth) : (high << parameter) | Read(parameter);
    }

    /// <summary>Throws unless only zero bits of the last byte are left.</summary>
    /// <exception cref="InvalidDataException">More follows.</exception>
    public void ExpectEnd()
    {
        if (Remaining >= 8 || Read((int)Remaining) != 0)
        {
            throw new InvalidDataException("more data follows than was announced");
        }
    }
}
