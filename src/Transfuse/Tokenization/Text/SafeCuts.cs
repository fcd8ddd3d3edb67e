using System.Numerics;

namespace Transfuse.Tokenization.Text;

/// <summary>
/// Where a text may be cut without changing its tokens: between two characters that no merge ever joins. The parts on both sides of such a place
/// cannot influence each other, since a merge of neighbours takes place or not whatever the order of merges elsewhere.
/// </summary>
internal sealed class SafeCuts
{
    private const int Ascii = 0x80;
    private const int BitsPerPair = 16;

    // One bit for each pair of ASCII characters; behind them hashed bits for all other pairs, where a collision only forbids a cut.
    private readonly ulong[] _ascii = new ulong[Ascii * Ascii / 64];
    private readonly ulong[] _others;
    private readonly int _shift;

    /// <summary>Indexes the pairs (last character of the left part, first character of the right part) that may be joined.</summary>
    public SafeCuts(IReadOnlyCollection<(int Left, int Right)> joined)
    {
        var bits = BitOperations.RoundUpToPowerOf2((uint)Math.Max(BitsPerPair * joined.Count, 64));
        _others = new ulong[bits / 64];
        _shift = 64 - BitOperations.Log2(bits);
        foreach (var (left, right) in joined)
        {
            var (words, bit) = Place(left, right);
            words[bit >> 6] |= 1UL << bit;
        }
    }

    /// <summary>The places between characters that no token has side by side.</summary>
    public static SafeCuts Between(IEnumerable<string> tokens)
    {
        var joined = new HashSet<(int, int)>();
        foreach (var token in tokens)
        {
            var left = -1;
            foreach (var rune in token.EnumerateRunes())
            {
                if (left >= 0)
                {
                    joined.Add((left, rune.Value));
                }

                left = rune.Value;
            }
        }

        return new SafeCuts(joined);
    }

    /// <summary>The end of the word that begins at a position: the next place where the text may be cut, or its end.</summary>
    public int EndOfWord(ReadOnlySpan<byte> text, int start)
    {
        var left = Utf8.Decode(text, start, out var length);
        for (var position = start + length; position < text.Length; position += length)
        {
            var right = Utf8.Decode(text, position, out length);
            var (words, bit) = Place(left, right);
            if (((words[bit >> 6] >> bit) & 1) == 0)
            {
                return position;
            }

            left = right;
        }

        return text.Length;
    }

    private (ulong[] Words, int Bit) Place(int left, int right) => (left | right) < Ascii
        ? (_ascii, (left * Ascii) + right)
        : (_others, (int)(((((ulong)(uint)left << 21) | (uint)right) * 0x9E3779B97F4A7C15) >> _shift));
}
