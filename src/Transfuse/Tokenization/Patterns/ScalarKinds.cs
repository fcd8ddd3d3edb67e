using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Patterns;

/// <summary>The three classes that the GPT family's patterns tell apart, with a table for ASCII.</summary>
internal static class ScalarKinds
{
    public const byte Other = 0;
    public const byte Letter = 1;
    public const byte Number = 2;
    public const byte Space = 3;

    private static ReadOnlySpan<byte> Ascii =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0,
        0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
        0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
    ];

    /// <summary>The class of the code point at an index, and its number of bytes.</summary>
    public static byte At(ReadOnlySpan<byte> text, int index, out int length)
    {
        var first = text[index];
        if (first < 0x80)
        {
            length = 1;
            return Ascii[first];
        }

        var scalar = Utf8.Decode(text, index, out length);
        return Scalars.IsLetter(scalar) ? Letter
            : Scalars.IsNumber(scalar) ? Number
            : Scalars.IsWhiteSpace(scalar) ? Space : Other;
    }

    /// <summary>The end of the run of a class that begins at <paramref name="index"/>, at most <paramref name="maximum"/> code points.</summary>
    public static int EndOfRun(ReadOnlySpan<byte> text, int index, byte kind, int maximum = int.MaxValue)
    {
        while (index < text.Length && maximum-- > 0 && At(text, index, out var length) == kind)
        {
            index += length;
        }

        return index;
    }

    /// <summary>
    /// The end of the white space at <paramref name="index"/> by <c>\s+(?!\S)|\s+</c>: all of it at the end of the text, else all but
    /// the last code point, unless there is only one.
    /// </summary>
    public static int EndOfSpace(ReadOnlySpan<byte> text, int index)
    {
        var end = EndOfRun(text, index, Space);
        if (end == text.Length)
        {
            return end;
        }

        var last = Utf8.Previous(text, end);
        return last > index ? last : end;
    }
}
