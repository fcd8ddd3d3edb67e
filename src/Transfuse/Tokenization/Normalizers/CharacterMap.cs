using System.Buffers.Binary;

namespace Transfuse.Tokenization.Normalizers;

/// <summary>
/// SentencePiece's compiled character map: a darts-clone double array over UTF-8 bytes whose values are positions in a block of
/// NUL-terminated replacements. Unit: bit 8 has_leaf; low 31 bits value of a leaf; label = unit &amp; 0x800000FF;
/// offset = (unit &gt;&gt; 10) &lt;&lt; ((unit &amp; 0x200) &gt;&gt; 6).
/// </summary>
internal sealed class CharacterMap
{
    private readonly uint[] _units;
    private readonly byte[] _replacements;

    private CharacterMap(uint[] units, byte[] replacements)
    {
        _units = units;
        _replacements = replacements;
    }

    /// <summary>Reads a map: trie size in bytes (u32 LE), trie, replacements. Null if the sizes do not fit.</summary>
    public static CharacterMap? TryRead(ReadOnlySpan<byte> data)
    {
        if (data.Length < 4)
        {
            return null;
        }

        var size = BinaryPrimitives.ReadUInt32LittleEndian(data);
        if (size % 4 != 0 || size == 0 || size > data.Length - 4)
        {
            return null;
        }

        var units = new uint[size / 4];
        for (var i = 0; i < units.Length; i++)
        {
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(data[(4 + (4 * i))..]);
        }

        return new CharacterMap(units, data[(4 + (int)size)..].ToArray());
    }

    /// <summary>The shortest or longest prefix of the text that the map has; its length is 0 if there is none.</summary>
    public int Match(ReadOnlySpan<byte> text, bool longest, out ReadOnlySpan<byte> replacement)
    {
        var position = Offset(_units[0]);
        var (length, value) = (0, -1);
        for (var i = 0; i < text.Length; i++)
        {
            position ^= text[i];
            if (position >= _units.Length || (_units[position] & 0x800000FF) != text[i])
            {
                break;
            }

            var unit = _units[position];
            position ^= Offset(unit);
            if ((unit & 0x100) != 0 && position < _units.Length)
            {
                (length, value) = (i + 1, (int)(_units[position] & 0x7FFFFFFF));
                if (!longest)
                {
                    break;
                }
            }
        }

        replacement = length > 0 ? Replacement(value) : default;
        return length;
    }

    private ReadOnlySpan<byte> Replacement(int start)
    {
        if (start >= _replacements.Length)
        {
            return default;
        }

        var rest = _replacements.AsSpan(start);
        var end = rest.IndexOf((byte)0);
        return end < 0 ? rest : rest[..end];
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);
}
