namespace Transfuse.Alignment;

/// <summary>
/// Levenshtein distance (unit costs, Unicode code points) of one pattern to many texts. Patterns of up to 64 code points use Myers' bit
/// vectors (J. ACM 46(3), 1999, in Hyyrö's form): one column of the matrix is two words, one text character a dozen operations.
/// Not thread safe.
/// </summary>
internal sealed class EditDistance
{
    private const int WordBits = 64;

    // Bit i of entry c is set where the pattern's i-th code point is c. Only pages of code points in use are ever touched.
    private readonly ulong[] _occurrences = new ulong[0x110000];
    private int[] _pattern = [];
    private int[] _column = [];

    /// <summary>The code points of a string; unpaired surrogates become U+FFFD.</summary>
    internal static int[] CodePoints(string text) => [.. text.EnumerateRunes().Select(rune => rune.Value)];

    /// <summary>The distance of two strings.</summary>
    internal int Between(string pattern, string text)
    {
        SetPattern(CodePoints(pattern));
        return To(CodePoints(text));
    }

    /// <summary>Sets the pattern; the array is kept.</summary>
    internal void SetPattern(int[] pattern)
    {
        foreach (var codePoint in _pattern)
        {
            _occurrences[codePoint] = 0;
        }

        _pattern = pattern;
        for (var i = 0; i < Math.Min(pattern.Length, WordBits); i++)
        {
            _occurrences[pattern[i]] |= 1UL << i;
        }
    }

    /// <summary>The distance of the pattern to a text.</summary>
    internal int To(ReadOnlySpan<int> text)
    {
        if (_pattern.Length == 0 || text.Length == 0)
        {
            return Math.Max(_pattern.Length, text.Length);
        }

        return _pattern.Length <= WordBits ? ByBitVectors(text) : ByMatrix(text);
    }

    /// <summary>Vertical differences +1 and −1 of a column are the bits of <c>positive</c> and <c>negative</c>; the score is its last cell.</summary>
    private int ByBitVectors(ReadOnlySpan<int> text)
    {
        var (positive, negative) = (ulong.MaxValue, 0UL);
        var score = _pattern.Length;
        var last = 1UL << (_pattern.Length - 1);
        foreach (var codePoint in text)
        {
            var equal = _occurrences[codePoint];
            var diagonalZero = (((equal & positive) + positive) ^ positive) | equal | negative;
            var horizontalPositive = negative | ~(diagonalZero | positive);
            var horizontalNegative = diagonalZero & positive;
            if ((horizontalPositive & last) != 0)
            {
                score++;
            }
            else if ((horizontalNegative & last) != 0)
            {
                score--;
            }

            // The first row of the matrix grows by 1 with each text character, hence the 1 shifted in.
            horizontalPositive = (horizontalPositive << 1) | 1;
            positive = (horizontalNegative << 1) | ~(diagonalZero | horizontalPositive);
            negative = horizontalPositive & diagonalZero;
        }

        return score;
    }

    private int ByMatrix(ReadOnlySpan<int> text)
    {
        if (_column.Length <= _pattern.Length)
        {
            _column = new int[_pattern.Length + 1];
        }

        for (var i = 0; i <= _pattern.Length; i++)
        {
            _column[i] = i;
        }

        foreach (var codePoint in text)
        {
            var diagonal = _column[0]++;
            for (var i = 1; i <= _pattern.Length; i++)
            {
                var above = diagonal + (_pattern[i - 1] == codePoint ? 0 : 1);
                diagonal = _column[i];
                _column[i] = Math.Min(above, Math.Min(diagonal, _column[i - 1]) + 1);
            }
        }

        return _column[_pattern.Length];
    }
}
