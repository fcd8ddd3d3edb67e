using System.Globalization;
using System.Numerics;

namespace Transfuse.Tokenization.ChatTemplates.Syntax;

/// <summary>Number literals: <c>1_000</c>, <c>0x1f</c>, <c>1.5e3</c>.</summary>
internal static class NumberLiteral
{
    private const int MaxDigits = 4300;

    /// <summary>Where the literal that begins at a place ends.</summary>
    internal static int End(string source, int start, bool onlyInteger, out bool isFloat)
    {
        isFloat = false;
        if (source[start] == '0' && start + 1 < source.Length && char.ToLowerInvariant(source[start + 1]) is 'x' or 'o' or 'b')
        {
            Func<char, bool> isDigit = char.ToLowerInvariant(source[start + 1]) switch
            {
                'x' => char.IsAsciiHexDigit,
                'o' => character => character is >= '0' and <= '7',
                _ => character => character is '0' or '1',
            };
            var end = Digits(source, start + 2, isDigit);
            return end > start + 2 ? end : start + 1;
        }

        var at = Digits(source, start, char.IsAsciiDigit);
        if (onlyInteger)
        {
            return at;
        }

        if (at + 1 < source.Length && source[at] == '.' && char.IsAsciiDigit(source[at + 1]))
        {
            isFloat = true;
            at = Digits(source, at + 1, char.IsAsciiDigit);
        }

        if (at < source.Length && source[at] is 'e' or 'E')
        {
            var exponent = at + 1 < source.Length && source[at + 1] is '+' or '-' ? at + 2 : at + 1;
            if (exponent < source.Length && char.IsAsciiDigit(source[exponent]))
            {
                isFloat = true;
                at = Digits(source, exponent, char.IsAsciiDigit);
            }
        }

        return at;
    }

    /// <summary>The value of a whole number.</summary>
    internal static BigInteger Integer(string text, int line)
    {
        var digits = text.Replace("_", string.Empty, StringComparison.Ordinal);
        if (digits.Length > MaxDigits)
        {
            throw TemplateFault.Syntax($"a number of {digits.Length} digits; at most {MaxDigits} are read", line);
        }

        var radix = digits.Length > 1 ? char.ToLowerInvariant(digits[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 10 } : 10;
        var value = BigInteger.Zero;
        foreach (var digit in radix == 10 ? digits : digits[2..])
        {
            value = (value * radix) + (digit <= '9' ? digit - '0' : char.ToLowerInvariant(digit) - 'a' + 10);
        }

        return value;
    }

    /// <summary>The value of a number with fraction or exponent.</summary>
    internal static double Float(string text) =>
        double.Parse(text.Replace("_", string.Empty, StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture);

    // Digits with single underscores between them.
    private static int Digits(string source, int at, Func<char, bool> isDigit)
    {
        while (at < source.Length && (isDigit(source[at]) || (source[at] == '_' && at + 1 < source.Length && isDigit(source[at + 1]))))
        {
            at++;
        }

        return at;
    }
}
