using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Syntax;

/// <summary>
/// Splits a template into tokens as Jinja does with trim_blocks (a newline after a block tag or comment goes) and lstrip_blocks (white space
/// before one at the start of a line goes); a minus in a tag strips all white space on its side, a plus keeps it.
/// </summary>
internal sealed class Lexer
{
    private static readonly string[] LongOperators = ["//", "**", "==", "!=", ">=", "<="];
    private const string ShortOperators = "+-/*%~[](){}<>=.:|,;";

    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private readonly Stack<char> _brackets = new();
    private int _position;
    private int _line = 1;
    private int _lineCountedTo;
    private bool _atLineStart = true;

    private Lexer(string source)
    {
        _source = source;
    }

    /// <summary>The tokens of a template, the last of which is its end.</summary>
    /// <exception cref="TemplateFault">A tag is not closed, brackets do not match, or a character belongs to no token.</exception>
    internal static IReadOnlyList<Token> Read(string template)
    {
        var source = template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        var lexer = new Lexer(source.EndsWith('\n') ? source[..^1] : source);
        lexer.ReadTemplate();
        return lexer._tokens;
    }

    private void ReadTemplate()
    {
        while (_position < _source.Length)
        {
            var tag = NextTag(_position);
            if (tag < 0)
            {
                AddData(_source[_position..]);
                _position = _source.Length;
                break;
            }

            ReadTag(tag);
            _atLineStart = _source[_position - 1] == '\n';
        }

        Add(TokenKind.End, string.Empty);
    }

    private int NextTag(int from)
    {
        for (var at = _source.IndexOf('{', from); at >= 0 && at + 1 < _source.Length; at = _source.IndexOf('{', at + 1))
        {
            if (_source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }

        return -1;
    }

    private void ReadTag(int tag)
    {
        var kind = _source[tag + 1];
        var inside = tag + 2;
        var sign = inside < _source.Length && _source[inside] is '-' or '+' ? _source[inside++] : '\0';
        AddData(Strip(_source.AsSpan(_position, tag - _position), sign, kind != '{'));
        _position = inside;
        if (kind == '#')
        {
            SkipComment();
        }
        else if (kind == '%' && RawBegins())
        {
            ReadRaw();
        }
        else
        {
            Add(kind == '{' ? TokenKind.PrintStart : TokenKind.BlockStart, string.Empty);
            ReadCode(kind == '{');
        }
    }

    private string Strip(ReadOnlySpan<char> data, char sign, bool stripsLine)
    {
        if (sign == '-')
        {
            return PythonSpace.TrimEnd(data).ToString();
        }

        if (sign != '+' && stripsLine)
        {
            var start = data.LastIndexOf('\n') + 1;
            if ((start > 0 || _atLineStart) && PythonSpace.TrimEnd(data[start..]).IsEmpty)
            {
                return data[..start].ToString();
            }
        }

        return data.ToString();
    }

    private void SkipComment()
    {
        var end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw TemplateFault.Syntax("Missing end of comment tag", Line());
        }

        var sign = end > _position ? _source[end - 1] : '\0';
        _position = end + 2;
        AfterTag(sign, trims: true);
    }

    // {% raw %}: the position is behind the sign of its start.
    private bool RawBegins()
    {
        var at = SkipSpace(_position);
        if (!_source.AsSpan(at).StartsWith("raw", StringComparison.Ordinal))
        {
            return false;
        }

        at = SkipSpace(at + 3);
        var strips = at < _source.Length && _source[at] == '-';
        at += strips ? 1 : 0;
        if (!_source.AsSpan(at).StartsWith("%}", StringComparison.Ordinal))
        {
            return false;
        }

        _position = strips ? SkipSpace(at + 2) : at + 2;
        return true;
    }

    private void ReadRaw()
    {
        var start = _position;
        for (var tag = _source.IndexOf("{%", start, StringComparison.Ordinal); tag >= 0; tag = _source.IndexOf("{%", tag + 1, StringComparison.Ordinal))
        {
            var at = tag + 2;
            var sign = at < _source.Length && _source[at] is '-' or '+' ? _source[at++] : '\0';
            at = SkipSpace(at);
            if (!_source.AsSpan(at).StartsWith("endraw", StringComparison.Ordinal))
            {
                continue;
            }

            at = SkipSpace(at + 6);
            var endSign = at < _source.Length && _source[at] is '-' or '+' ? _source[at++] : '\0';
            if (_source.AsSpan(at).StartsWith("%}", StringComparison.Ordinal))
            {
                _atLineStart = false;
                AddData(Strip(_source.AsSpan(start, tag - start), sign, stripsLine: true));
                _position = at + 2;
                AfterTag(endSign, trims: true);
                return;
            }
        }

        throw TemplateFault.Syntax("Missing end of raw directive", Line());
    }

    private void ReadCode(bool isPrint)
    {
        _brackets.Clear();
        while (true)
        {
            _position = SkipSpace(_position);
            if (_position >= _source.Length)
            {
                // The parser tells what is missing.
                return;
            }

            if (_brackets.Count == 0 && TryEnd(isPrint))
            {
                return;
            }

            ReadCodeToken();
        }
    }

    private bool TryEnd(bool isPrint)
    {
        var rest = _source.AsSpan(_position);
        var sign = rest[0] is '-' or '+' ? rest[0] : '\0';
        if (isPrint && sign == '+')
        {
            return false;
        }

        if (!rest[(sign == '\0' ? 0 : 1)..].StartsWith(isPrint ? "}}" : "%}", StringComparison.Ordinal))
        {
            return false;
        }

        Add(isPrint ? TokenKind.PrintEnd : TokenKind.BlockEnd, string.Empty);
        _position += sign == '\0' ? 2 : 3;
        AfterTag(sign, trims: !isPrint);
        return true;
    }

    private void AfterTag(char sign, bool trims)
    {
        if (sign == '-')
        {
            _position = SkipSpace(_position);
        }
        else if (sign != '+' && trims && _position < _source.Length && _source[_position] == '\n')
        {
            _position++;
        }
    }

    private void ReadCodeToken()
    {
        var character = _source[_position];
        if (char.IsAsciiDigit(character))
        {
            ReadNumber();
        }
        else if (character == '_' || char.IsLetter(character))
        {
            var end = _position + 1;
            while (end < _source.Length && (_source[end] == '_' || char.IsLetterOrDigit(_source[end])))
            {
                end++;
            }

            AddTo(TokenKind.Name, end);
        }
        else if (character is '\'' or '"')
        {
            ReadString(character);
        }
        else
        {
            ReadOperator(character);
        }
    }

    private void ReadNumber()
    {
        var end = NumberLiteral.End(_source, _position, IsAfterDot(), out var isFloat);
        AddTo(isFloat ? TokenKind.Float : TokenKind.Integer, end);
    }

    // As in messages.0.content: no fraction may follow.
    private bool IsAfterDot() => _position > 0 && _source[_position - 1] == '.';

    private void ReadString(char quote)
    {
        var end = _position + 1;
        while (end < _source.Length && _source[end] != quote)
        {
            end += _source[end] == '\\' ? 2 : 1;
        }

        if (end >= _source.Length)
        {
            throw TemplateFault.Syntax($"unexpected char {PythonText.Repr(quote.ToString())} at {_position}", Line());
        }

        Add(TokenKind.Text, StringLiteral.Unescape(_source.AsSpan(_position + 1, end - _position - 1), Line()));
        _position = end + 1;
    }

    private void ReadOperator(char character)
    {
        var rest = _source.AsSpan(_position);
        foreach (var text in LongOperators)
        {
            if (rest.StartsWith(text, StringComparison.Ordinal))
            {
                AddTo(TokenKind.Operator, _position + 2);
                return;
            }
        }

        if (!ShortOperators.Contains(character, StringComparison.Ordinal))
        {
            throw TemplateFault.Syntax($"unexpected char {PythonText.Repr(character.ToString())} at {_position}", Line());
        }

        Balance(character);
        AddTo(TokenKind.Operator, _position + 1);
    }

    private void Balance(char character)
    {
        var opening = "([{".IndexOf(character, StringComparison.Ordinal);
        if (opening >= 0)
        {
            _brackets.Push(")]}"[opening]);
        }
        else if (")]}".Contains(character, StringComparison.Ordinal))
        {
            if (!_brackets.TryPop(out var expected))
            {
                throw TemplateFault.Syntax($"unexpected '{character}'", Line());
            }

            if (expected != character)
            {
                throw TemplateFault.Syntax($"unexpected '{character}', expected '{expected}'", Line());
            }
        }
    }

    private int SkipSpace(int at)
    {
        while (at < _source.Length && PythonSpace.IsSpace(_source[at]))
        {
            at++;
        }

        return at;
    }

    private void AddData(string text)
    {
        if (text.Length > 0)
        {
            Add(TokenKind.Data, text);
        }
    }

    private void AddTo(TokenKind kind, int end)
    {
        Add(kind, _source[_position..end]);
        _position = end;
    }

    private void Add(TokenKind kind, string text) => _tokens.Add(new Token(kind, text, Line()));

    private int Line()
    {
        var until = Math.Min(_position, _source.Length);
        _line += _source.AsSpan(_lineCountedTo, until - _lineCountedTo).Count('\n');
        _lineCountedTo = until;
        return _line;
    }
}
