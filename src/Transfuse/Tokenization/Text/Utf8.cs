using System.Globalization;
using System.Text;

namespace Transfuse.Tokenization.Text;

/// <summary>Steps through UTF-8 bytes that are known to be valid (they were encoded by us).</summary>
internal static class Utf8
{
    /// <summary>The code point at <paramref name="index"/> and its number of bytes.</summary>
    public static int Decode(ReadOnlySpan<byte> text, int index, out int length)
    {
        int first = text[index];
        switch (first)
        {
            case < 0x80:
                length = 1;
                return first;
            case < 0xE0:
                length = 2;
                return ((first & 0x1F) << 6) | (text[index + 1] & 0x3F);
            case < 0xF0:
                length = 3;
                return ((first & 0x0F) << 12) | ((text[index + 1] & 0x3F) << 6) | (text[index + 2] & 0x3F);
            default:
                length = 4;
                return ((first & 0x07) << 18) | ((text[index + 1] & 0x3F) << 12) | ((text[index + 2] & 0x3F) << 6) | (text[index + 3] & 0x3F);
        }
    }

    /// <summary>Number of bytes of the code point that begins with this byte.</summary>
    public static int LengthOf(byte first) => first switch
    {
        < 0x80 => 1,
        < 0xE0 => 2,
        < 0xF0 => 3,
        _ => 4,
    };

    /// <summary>Where the code point before <paramref name="index"/> begins.</summary>
    public static int Previous(ReadOnlySpan<byte> text, int index)
    {
        do
        {
            index--;
        }
        while (index > 0 && (text[index] & 0xC0) == 0x80);

        return index;
    }

    /// <summary>Number of code points.</summary>
    public static int CountScalars(ReadOnlySpan<byte> text)
    {
        var count = 0;
        foreach (var unit in text)
        {
            count += (unit & 0xC0) != 0x80 ? 1 : 0;
        }

        return count;
    }

    /// <summary>Writes a code point; returns its number of bytes. The target has room for four.</summary>
    public static int Encode(int scalar, Span<byte> target) => new Rune(scalar).EncodeToUtf8(target);

    /// <summary>The bytes of a string; unpaired surrogates become U+FFFD.</summary>
    public static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    /// <summary>The string of bytes; invalid sequences become U+FFFD (one per maximal subpart).</summary>
    public static string String(ReadOnlySpan<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes);

    /// <summary>Unicode general category of a code point.</summary>
    public static UnicodeCategory Category(int scalar) => CharUnicodeInfo.GetUnicodeCategory(scalar);
}
