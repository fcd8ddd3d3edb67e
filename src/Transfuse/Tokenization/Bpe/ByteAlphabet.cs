using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Bpe;

/// <summary>
/// GPT-2's alphabet: one printable character for each byte. 0x21–0x7E, 0xA1–0xAC and 0xAE–0xFF stand for themselves, the other 68 bytes
/// in ascending order for U+0100 onwards.
/// </summary>
public static class ByteAlphabet
{
    private static readonly char[] Chars = BuildChars();
    private static readonly short[] Bytes = BuildBytes();

    /// <summary>The character of a byte.</summary>
    public static char ToChar(byte value) => Chars[value];

    /// <summary>The byte of a character, or -1.</summary>
    public static int ToByte(int scalar) => (uint)scalar < (uint)Bytes.Length ? Bytes[scalar] : -1;

    /// <summary>Bytes as a vocabulary string.</summary>
    public static string ToString(ReadOnlySpan<byte> bytes)
    {
        Span<char> chars = bytes.Length <= 256 ? stackalloc char[bytes.Length] : new char[bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            chars[i] = Chars[bytes[i]];
        }

        return new string(chars);
    }

    /// <summary>The bytes of a vocabulary string; its own UTF-8 if it has a character outside the alphabet.</summary>
    public static byte[] ToBytes(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return TryToBytes(token) ?? Utf8.Bytes(token);
    }

    /// <summary>The bytes of a vocabulary string, or null if it has a character outside the alphabet.</summary>
    internal static byte[]? TryToBytes(string token)
    {
        var bytes = new byte[token.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            var value = ToByte(token[i]);
            if (value < 0)
            {
                return null;
            }

            bytes[i] = (byte)value;
        }

        return bytes;
    }

    private static char[] BuildChars()
    {
        var chars = new char[256];
        var next = 0x100;
        for (var i = 0; i < 256; i++)
        {
            chars[i] = i is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)i : (char)next++;
        }

        return chars;
    }

    private static short[] BuildBytes()
    {
        var bytes = new short[0x144];
        Array.Fill(bytes, (short)-1);
        for (var i = 0; i < 256; i++)
        {
            bytes[Chars[i]] = (short)i;
        }

        return bytes;
    }
}
