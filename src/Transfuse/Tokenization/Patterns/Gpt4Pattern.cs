using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Patterns;

/// <summary>The pattern of Llama 3 (up to three digits) and Qwen2 (one digit) by hand; every code point belongs to a match.</summary>
internal sealed class Gpt4Pattern(int maximumDigits) : TextPattern
{
    /// <inheritdoc/>
    public override bool Find(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        start = from;
        end = from;
        if (from >= text.Length)
        {
            return false;
        }

        end = Contraction(text, from);
        if (end > from)
        {
            return true;
        }

        var kind = ScalarKinds.At(text, from, out var length);
        end = kind switch
        {
            ScalarKinds.Letter => ScalarKinds.EndOfRun(text, from + length, ScalarKinds.Letter),
            ScalarKinds.Number => ScalarKinds.EndOfRun(text, from, ScalarKinds.Number, maximumDigits),
            _ => EndOfOther(text, from, kind, length),
        };
        return true;
    }

    private static int EndOfOther(ReadOnlySpan<byte> text, int from, byte kind, int length)
    {
        var next = from + length;
        if (next < text.Length && text[from] is not ((byte)'\r' or (byte)'\n')
            && ScalarKinds.At(text, next, out var nextLength) == ScalarKinds.Letter)
        {
            return ScalarKinds.EndOfRun(text, next + nextLength, ScalarKinds.Letter);
        }

        // The symbols begin here, or after one U+0020.
        if (kind == ScalarKinds.Space && text[from] == (byte)' ' && next < text.Length)
        {
            kind = ScalarKinds.At(text, next, out _) == ScalarKinds.Other ? ScalarKinds.Other : ScalarKinds.Space;
        }

        if (kind == ScalarKinds.Other)
        {
            var end = ScalarKinds.EndOfRun(text, next, ScalarKinds.Other);
            while (end < text.Length && text[end] is (byte)'\r' or (byte)'\n')
            {
                end++;
            }

            return end;
        }

        var space = text[from..ScalarKinds.EndOfRun(text, from, ScalarKinds.Space)];
        var lineEnd = space.LastIndexOfAny((byte)'\r', (byte)'\n');
        return lineEnd >= 0 ? from + lineEnd + 1 : ScalarKinds.EndOfSpace(text, from);
    }

    private static int Contraction(ReadOnlySpan<byte> text, int from)
    {
        if (text[from] != (byte)'\'' || from + 1 >= text.Length)
        {
            return from;
        }

        var first = Scalars.Fold(Utf8.Decode(text, from + 1, out var firstLength));
        var end = from + 1 + firstLength;
        if (first is 's' or 't' or 'm' or 'd')
        {
            return end;
        }

        if (end >= text.Length || first is not ('r' or 'v' or 'l'))
        {
            return from;
        }

        var second = Scalars.Fold(Utf8.Decode(text, end, out var secondLength));
        return second == (first == 'l' ? 'l' : 'e') ? end + secondLength : from;
    }
}
