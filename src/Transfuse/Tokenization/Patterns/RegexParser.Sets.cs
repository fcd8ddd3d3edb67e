using System.Globalization;
using System.Text;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Patterns;

/// <summary>The part of the parser that reads sets of scalars: escapes, properties, bracket expressions.</summary>
internal sealed partial class RegexParser
{
    private ScalarSet? EscapedSet(int scalar) => scalar switch
    {
        's' => new(Scalars.IsWhiteSpace),
        'S' => new(c => !Scalars.IsWhiteSpace(c)),
        'd' => new(c => Utf8.Category(c) == UnicodeCategory.DecimalDigitNumber),
        'D' => new(c => Utf8.Category(c) != UnicodeCategory.DecimalDigitNumber),
        'w' => new(Scalars.IsWord),
        'W' => new(c => !Scalars.IsWord(c)),
        'h' => new(c => c < 0x80 && char.IsAsciiHexDigit((char)c)),
        'H' => new(c => c >= 0x80 || !char.IsAsciiHexDigit((char)c)),
        'p' or 'P' => Property(negative: scalar == 'P'),
        _ => null,
    };

    private ScalarSet Property(bool negative)
    {
        string name;
        if (TryTake('{'))
        {
            var close = Array.IndexOf(_pattern, '}', _position);
            name = close < 0 ? throw Error("a property name without '}'") : Text(_position, close);
            _position = close + 1;
        }
        else
        {
            name = new Rune(Next("an unfinished property")).ToString();
        }

        if (name.StartsWith('^'))
        {
            (name, negative) = (name[1..], !negative);
        }

        var set = UnicodeProperties.Find(name) ?? throw Error($"the Unicode property '{name}', which is not supported");
        set = Cased(set);
        return negative ? set.Complement() : set;
    }

    private int EscapedScalar(int scalar) => scalar switch
    {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'f' => '\f',
        'v' => '\v',
        'a' => '\a',
        'e' => 0x1B,
        '0' => 0,
        'x' => TryTake('{') ? HexUntilBrace() : Hex(2),
        'u' => TryTake('{') ? HexUntilBrace() : Hex(4),
        >= 'A' and <= 'Z' or >= 'a' and <= 'z' or >= '0' and <= '9' => throw Error($"the escape '\\{(char)scalar}', which is not supported"),
        _ => scalar,
    };

    private int HexUntilBrace()
    {
        var close = Array.IndexOf(_pattern, '}', _position);
        var value = Hex(close < 0 ? throw Error("a code point without '}'") : close - _position);
        _position++;
        return value;
    }

    private int Hex(int digits)
    {
        var end = Math.Min(_position + digits, _pattern.Length);
        if (!int.TryParse(Text(_position, end), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) || !Rune.IsValid(value))
        {
            throw Error("an invalid code point");
        }

        _position = end;
        return value;
    }

    /// <summary>A bracket expression after its <c>[</c>: ranges, escapes, nested classes, POSIX names, <c>&amp;&amp;</c>.</summary>
    private ScalarSet Class()
    {
        if (++_nesting > MaximumNesting)
        {
            throw Error($"classes nested more than {MaximumNesting} deep");
        }

        var negative = TryTake('^');
        var parts = new List<ScalarSet>();
        ScalarSet? left = null;
        for (var first = true; first || !TryTake(']'); first = false)
        {
            var scalar = Next("a class without ']'");
            if (scalar == '[')
            {
                parts.Add(PosixClass() ?? Class());
            }
            else if (scalar == '&' && TryTake('&'))
            {
                left = Intersection(left, parts);
                parts = [];
            }
            else if (scalar == '\\' && EscapedSet(Next("an unfinished escape")) is { } set)
            {
                parts.Add(set);
            }
            else
            {
                var low = scalar == '\\' ? ClassEscape(_pattern[_position - 1]) : scalar;
                parts.Add(Cased(Range(low)));
            }
        }

        _nesting--;
        var all = Intersection(left, parts);
        return negative ? all.Complement() : all;
    }

    private static ScalarSet Intersection(ScalarSet? left, List<ScalarSet> parts)
    {
        var right = parts.Count == 0 ? new ScalarSet(_ => false) : ScalarSet.Union(parts);
        return left is null ? right : left.Intersect(right);
    }

    private int ClassEscape(int scalar) => scalar == 'b' ? '\b' : EscapedScalar(scalar);

    private ScalarSet Range(int low)
    {
        if (_position + 1 >= _pattern.Length || _pattern[_position] != '-' || _pattern[_position + 1] == ']')
        {
            return ScalarSet.Of(low);
        }

        _position++;
        var high = Next("an unfinished range");
        high = high == '\\' ? ClassEscape(Next("an unfinished escape")) : high;
        return high < low ? throw Error("a range whose end is below its start") : new(c => c >= low && c <= high);
    }

    private ScalarSet? PosixClass()
    {
        if (_position >= _pattern.Length || _pattern[_position] != ':')
        {
            return null;
        }

        var close = Array.IndexOf(_pattern, ':', _position + 1);
        if (close < 0 || close + 1 >= _pattern.Length || _pattern[close + 1] != ']')
        {
            return null;
        }

        var name = Text(_position + 1, close);
        var negative = name.StartsWith('^');
        var set = UnicodeProperties.Find(negative ? name[1..] : name) ?? throw Error($"the class '[:{name}:]', which is not supported");
        _position = close + 2;
        return negative ? set.Complement() : set;
    }
}
