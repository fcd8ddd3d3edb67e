namespace Transfuse.Distributions;

/// <summary>Appends numbers of any width to a list of bytes, least significant bit first.</summary>
internal sealed class BitWriter
{
    /// <summary>Unary part of a Rice code from which the value follows in full instead.</summary>
    public const int RiceEscape = 24;

    /// <summary>Width of an escaped value, and so the bound of what <see cref="WriteRice"/> takes.</summary>
    public const int RiceEscapeWidth = 31;

    private readonly List<byte> _bytes;
    private ulong _pending;
    private int _pendingBits;

    /// <summary>Appends to <paramref name="bytes"/>.</summary>
    public BitWriter(List<byte> bytes)
    {
        _bytes = bytes;
    }

    /// <summary>Appends the lowest <paramref name="width"/> bits (0 to 32) of a value that has no others.</summary>
    public void Write(uint value, int width)
    {
        _pending |= (ulong)value << _pendingBits;
        _pendingBits += width;
        while (_pendingBits >= 8)
        {
            _bytes.Add((byte)_pending);
            _pending >>= 8;
            _pendingBits -= 8;
        }
    }

    /// <summary>
    /// Appends a value in the Rice code of the parameter: value ≫ parameter in unary (ones, then a zero), then the lowest bits. From
    /// <see cref="RiceEscape"/> ones on, the value itself follows in <see cref="RiceEscapeWidth"/> bits.
    /// </summary>
    public void WriteRice(uint value, int parameter)
    {
        var high = value >> parameter;
        if (high >= RiceEscape)
        {
            Write((1u << RiceEscape) - 1, RiceEscape);
            Write(value, RiceEscapeWidth);
            return;
        }

        Write((1u << (int)high) - 1, (int)high + 1);
        Write(value & ((1u << parameter) - 1), parameter);
    }

    /// <summary>Number of bits of <see cref="WriteRice"/>.</summary>
    public static int RiceLength(uint value, int parameter) =>
        value >> parameter >= RiceEscape ? RiceEscape + RiceEscapeWidth : (int)(value >> parameter) + 1 + parameter;

    /// <summary>Fills the last byte with zeros.</summary>
    public void Flush()
    {
        if (_pendingBits > 0)
        {
            Write(0, 8 - _pendingBits);
        }
    }
}
