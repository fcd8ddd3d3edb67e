using System.Globalization;
using System.Text;

namespace Transfuse.Tokenization.Patterns;

/// <summary>Reads the regular expressions of tokenizer files (Oniguruma's Ruby syntax, the part that such files use).</summary>
internal sealed partial class RegexParser
{
    private const int MaximumNesting = 64;
    private const int MaximumRepeat = 1000;
    private const int MaximumQuantifiers = 4;
    private readonly int[] _pattern;
    private int _position;
    private int _nesting;
    private bool _ignoreCase;
    private bool _dotAll;

    private RegexParser(string pattern)
    {
        _pattern = [.. pattern.EnumerateRunes().Select(rune => rune.Value)];
    }

    /// <summary>Number of capturing groups seen.</summary>
    public int Captures { get; private set; }

    /// <summary>Reads a whole expression.</summary>
    /// <exception cref="FormatException">Unknown or broken syntax; the message says where.</exception>
    public static (RegexNode Node, int Captures) Parse(string pattern)
    {
        var parser = new RegexParser(pattern);
        var node = parser.Alternatives();
        return parser._position == parser._pattern.Length
            ? (node, parser.Captures)
            : throw parser.Error("an unmatched ')'");
    }

    private RegexNode Alternatives()
    {
        if (++_nesting > MaximumNesting)
        {
            throw Error($"groups nested more than {MaximumNesting} deep");
        }

        var (ignoreCase, dotAll) = (_ignoreCase, _dotAll);
        var choices = new List<RegexNode>();
        do
        {
            choices.Add(Sequence());
        }
        while (TryTake('|'));

        (_ignoreCase, _dotAll) = (ignoreCase, dotAll);
        _nesting--;
        return choices.Count == 1 ? choices[0] : new RegexNode.Alternation(choices);
    }

    private RegexNode Sequence()
    {
        var parts = new List<RegexNode>();
        while (_position < _pattern.Length && _pattern[_position] is not ('|' or ')'))
        {
            if (Atom() is { } atom)
            {
                parts.Add(Quantified(atom));
            }
        }

        return parts.Count == 1 ? parts[0] : new RegexNode.Concatenation(parts);
    }

    private RegexNode Quantified(RegexNode atom)
    {
        for (var depth = 0; _position < _pattern.Length; depth++)
        {
            if (depth > MaximumQuantifiers)
            {
                throw Error($"more than {MaximumQuantifiers} quantifiers in a row");
            }

            var (minimum, maximum) = (0, int.MaxValue);
            var interval = false;
            switch (_pattern[_position])
            {
                case '*':
                    break;
                case '+':
                    minimum = 1;
                    break;
                case '?':
                    maximum = 1;
                    break;
                case '{' when Interval() is { } bounds:
                    (minimum, maximum) = bounds;
                    interval = true;
                    break;
                default:
                    return atom;
            }

            _position++;
            var lazy = TryTake('?');
            atom = new RegexNode.Repetition(atom, minimum, maximum, lazy);
            // In Ruby's syntax {n,m}+ repeats once more and is not possessive.
            if (!lazy && !interval && TryTake('+'))
            {
                atom = new RegexNode.Atomic(atom);
            }
        }

        return atom;
    }

    /// <summary>Bounds of <c>{n}</c>, <c>{n,}</c>, <c>{,m}</c>, <c>{n,m}</c>, leaving the position at the brace; null for a literal brace.</summary>
    private (int Minimum, int Maximum)? Interval()
    {
        var close = Array.IndexOf(_pattern, '}', _position);
        if (close < 0 || close - _position > 12)
        {
            return null;
        }

        var parts = Text(_position + 1, close).Split(',');
        if (parts.Length > 2 || parts.All(part => part.Length == 0) || parts.Any(part => !part.All(char.IsAsciiDigit)))
        {
            return null;
        }

        var minimum = parts[0].Length == 0 ? 0 : Bounded(parts[0]);
        var maximum = parts.Length == 1 ? minimum : parts[1].Length == 0 ? int.MaxValue : Bounded(parts[1]);
        if (maximum < minimum)
        {
            throw Error("an interval whose maximum is below its minimum");
        }

        _position = close;
        return (minimum, maximum);
    }

    private int Bounded(string digits) => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= MaximumRepeat
        ? value
        : throw Error($"an interval above {MaximumRepeat}");

    private RegexNode? Atom()
    {
        var scalar = _pattern[_position++];
        switch (scalar)
        {
            case '(':
                return Group();
            case '[':
                return new RegexNode.Scalar(Class());
            case '.':
                return new RegexNode.Scalar(_dotAll ? new(_ => true) : new(c => c != '\n'));
            case '^':
                return new RegexNode.Assertion(RegexAssertion.LineStart);
            case '$':
                return new RegexNode.Assertion(RegexAssertion.LineEnd);
            case '\\':
                return Escape();
            case '*' or '+' or '?':
                throw Error("a quantifier with nothing to repeat");
            default:
                return Literal(scalar);
        }
    }

    private RegexNode.Scalar Literal(int scalar) => new(Cased(ScalarSet.Of(scalar)));

    private ScalarSet Cased(ScalarSet set) => _ignoreCase ? set.IgnoreCase() : set;

    private RegexNode? Group()
    {
        RegexNode body;
        if (!TryTake('?'))
        {
            var number = ++Captures;
            body = new RegexNode.Capture(Alternatives(), number);
        }
        else if (TryTake(':'))
        {
            body = Alternatives();
        }
        else if (TryTake('>'))
        {
            body = new RegexNode.Atomic(Alternatives());
        }
        else if (TryTake('=') || TryTake('!'))
        {
            var negative = _pattern[_position - 1] == '!';
            body = new RegexNode.Look(Alternatives(), Behind: false, negative);
        }
        else if (TryTake('<'))
        {
            body = LookBehindOrNamed();
        }
        else
        {
            return Flags();
        }

        Expect(')');
        return body;
    }

    private RegexNode LookBehindOrNamed()
    {
        if (TryTake('=') || TryTake('!'))
        {
            var negative = _pattern[_position - 1] == '!';
            return new RegexNode.Look(Alternatives(), Behind: true, negative);
        }

        var close = Array.IndexOf(_pattern, '>', _position);
        _position = close > _position ? close + 1 : throw Error("a group name without '>'");
        var number = ++Captures;
        return new RegexNode.Capture(Alternatives(), number);
    }

    /// <summary><c>(?i:…)</c> and <c>(?i)</c>, which lasts to the end of the enclosing group.</summary>
    private RegexNode? Flags()
    {
        var (ignoreCase, dotAll) = (_ignoreCase, _dotAll);
        var value = true;
        while (true)
        {
            switch (_position < _pattern.Length ? _pattern[_position++] : -1)
            {
                case 'i':
                    _ignoreCase = value;
                    break;
                case 'm' or 's':
                    _dotAll = value;
                    break;
                case 'u':
                    break;
                case '-':
                    value = false;
                    break;
                case ')':
                    // Ruby: the flags hold for the rest of the group, alternatives included.
                    return _position >= _pattern.Length || _pattern[_position] == ')' ? null : Alternatives();
                case ':':
                    var body = Alternatives();
                    Expect(')');
                    (_ignoreCase, _dotAll) = (ignoreCase, dotAll);
                    return body;
                default:
                    throw Error("an unknown group flag");
            }
        }
    }

    private RegexNode Escape()
    {
        var scalar = Next("an unfinished escape");
        switch (scalar)
        {
            case 'b':
                return new RegexNode.Assertion(RegexAssertion.WordBoundary);
            case 'B':
                return new RegexNode.Assertion(RegexAssertion.NotWordBoundary);
            case 'A':
                return new RegexNode.Assertion(RegexAssertion.TextStart);
            case 'z':
                return new RegexNode.Assertion(RegexAssertion.TextEnd);
            case 'Z':
                return new RegexNode.Assertion(RegexAssertion.TextEndOrLastLineEnd);
            case >= '1' and <= '9':
                return new RegexNode.Reference(scalar - '0');
            case 'R':
                return new RegexNode.Alternation(
                [
                    new RegexNode.Concatenation([Literal('\r'), Literal('\n')]),
                    new RegexNode.Scalar(new(c => c is (>= '\n' and <= '\r') or 0x85 or 0x2028 or 0x2029)),
                ]);
            default:
                return new RegexNode.Scalar(EscapedSet(scalar) ?? Cased(ScalarSet.Of(EscapedScalar(scalar))));
        }
    }

    private int Next(string otherwise) => _position < _pattern.Length ? _pattern[_position++] : throw Error(otherwise);

    private bool TryTake(int scalar)
    {
        if (_position < _pattern.Length && _pattern[_position] == scalar)
        {
            _position++;
            return true;
        }

        return false;
    }

    private void Expect(char scalar)
    {
        if (!TryTake(scalar))
        {
            throw Error($"no '{scalar}' where one is needed");
        }
    }

    private string Text(int from, int to) => string.Concat(_pattern[from..to].Select(scalar => new Rune(scalar).ToString()));

    private FormatException Error(string found) => new($"the regular expression has {found} (at character {_position})");
}
