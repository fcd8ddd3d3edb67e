namespace Transfuse.Tokenization.Patterns;

/// <summary>GPT-2's pattern by hand; every code point belongs to a match.</summary>
internal sealed class Gpt2Pattern : TextPattern
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

        if (text[from] == (byte)'\'' && Contraction(text, from) is > 0 and var contraction)
        {
            end = from + contraction;
            return true;
        }

        var kind = ScalarKinds.At(text, from, out var length);
        var body = from;
        if (text[from] == (byte)' ' && from + 1 < text.Length)
        {
            var next = ScalarKinds.At(text, from + 1, out var nextLength);
            if (next != ScalarKinds.Space)
            {
                (kind, length, body) = (next, nextLength, from + 1);
            }
        }

        end = kind == ScalarKinds.Space
            ? ScalarKinds.EndOfSpace(text, from)
            : ScalarKinds.EndOfRun(text, body + length, kind);
        return true;
    }

    private static int Contraction(ReadOnlySpan<byte> text, int index)
    {
        var rest = text[(index + 1)..];
        if (rest.Length >= 1 && rest[0] is (byte)'s' or (byte)'t' or (byte)'m' or (byte)'d')
        {
            return 2;
        }

        return rest.Length >= 2 && (rest.StartsWith("re"u8) || rest.StartsWith("ve"u8) || rest.StartsWith("ll"u8)) ? 3 : 0;
    }
}
