using System.Buffers.Binary;

namespace Transfuse.Tokenization.SentencePiece;

/// <summary>Walks the fields of one Protocol Buffers message; every length is checked against what is left.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>Number of the current field.</summary>
    public int Field { get; private set; }

    /// <summary>The current field as an integer (varint fields only).</summary>
    public long Integer { get; private set; }

    /// <summary>The bytes of the current field (length-delimited and fixed fields).</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Goes to the next field; false at the end.</summary>
    /// <exception cref="FormatException">The message is cut off or has an unknown wire type.</exception>
    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var tag = Varint();
        Field = (int)(tag >> 3);
        Bytes = default;
        Integer = 0;
        switch (tag & 7)
        {
            case 0:
                Integer = (long)Varint();
                break;
            case 1:
                Bytes = Take(8);
                break;
            case 2:
                Bytes = Take(Varint());
                break;
            case 5:
                Bytes = Take(4);
                break;
            default:
                throw new FormatException($"a field has the wire type {tag & 7}");
        }

        return true;
    }

    /// <summary>The current field as a single-precision number.</summary>
    public readonly float Single() => Bytes.Length == 4
        ? BinaryPrimitives.ReadSingleLittleEndian(Bytes)
        : throw new FormatException("a number is not four bytes long");

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
        {
            throw new FormatException($"a field claims {length} bytes where {_rest.Length} are left");
        }

        var bytes = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return bytes;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var unit = Take(1)[0];
            value |= (ulong)(unit & 0x7F) << shift;
            if (unit < 0x80)
            {
                return value;
            }
        }

        throw new FormatException("an integer is longer than ten bytes");
    }
}
