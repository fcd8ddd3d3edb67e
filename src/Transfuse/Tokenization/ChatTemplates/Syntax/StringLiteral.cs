using System.Globalization;
using System.Text;

namespace Transfuse.Tokenization.ChatTemplates.Syntax;

/// <summary>The escapes of Python's string literals.</summary>
internal static class StringLiteral
{
    /// <summary>The text that the inside of a literal stands for.</summary>
    /// <exception cref="TemplateFault">An escape is cut short or names no character.</exception>
    internal static string Unescape(ReadOnlySpan<char> literal, int line)
    {
        if (!literal.Contains('\\'))
        {
            return literal.ToString();
        }

        var text = new StringBuilder();
        while (literal.Length > 0)
        {
            if (literal[0] != '\\' || literal.Length == 1)
            {
                text.Append(literal[0]);
                literal = literal[1..];
                continue;
            }

            literal = literal[1..];
            literal = literal[AppendEscape(text, literal, line)..];
        }

        return text.ToString();
    }

    // Returns how many characters after the backslash belong to the escape.
    private static int AppendEscape(StringBuilder text, ReadOnlySpan<char> rest, int line)
    {
        switch (rest[0])
        {
            case '\n':
                return 1;
            case 'x':
                return AppendHex(text, rest, 2, line);
            case 'u':
                return AppendHex(text, rest, 4, line);
            case 'U':
                return AppendHex(text, rest, 8, line);
            case >= '0' and <= '7':
                var count = 0;
                var value = 0;
                while (count < 3 && count < rest.Length && rest[count] is >= '0' and <= '7')
                {
                    value = (value * 8) + rest[count++] - '0';
                }

                text.Append((char)value);
                return count;
        }

        var known = "\\'\"abfnrtv".IndexOf(rest[0], StringComparison.Ordinal);
        if (known < 0)
        {
            text.Append('\\').Append(rest[0]);
        }
        else
        {
            text.Append("\\'\"\a\b\f\n\r\t\v"[known]);
        }

        return 1;
    }

    private static int AppendHex(StringBuilder text, ReadOnlySpan<char> rest, int digits, int line)
    {
        if (rest.Length <= digits || !int.TryParse(rest.Slice(1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            || value is < 0 or > 0x10FFFF)
        {
            throw TemplateFault.Syntax($"the escape '\\{rest[0]}' of a string needs {digits} hexadecimal digits of a character", line);
        }

        if (value < 0x10000)
        {
            text.Append((char)value);
        }
        else
        {
            text.Append(char.ConvertFromUtf32(value));
        }

        return digits + 1;
    }
}
