using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Syntax;

/// <summary>Walks over the tokens of a template.</summary>
internal sealed class TokenReader(IReadOnlyList<Token> tokens)
{
    private int _position;
    private int _level;

    /// <summary>The token that comes next.</summary>
    internal Token Current => tokens[_position];

    /// <summary>The token after the next.</summary>
    internal Token Following => tokens[Math.Min(_position + 1, tokens.Count - 1)];

    /// <summary>Number of tokens read.</summary>
    internal int Position => _position;

    /// <summary>Whether a name was read since a position.</summary>
    internal bool HasReadName(string name, int since)
    {
        for (var i = since; i < _position; i++)
        {
            if (tokens[i].IsName(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Parses something that may hold more of its kind, to a bounded depth.</summary>
    internal T Nested<T>(Func<T> parse)
    {
        var outer = _level;
        _level = Nesting.Enter(outer);
        var parsed = parse();
        _level = outer;
        return parsed;
    }

    /// <summary>Takes the next token.</summary>
    internal Token Next()
    {
        var token = Current;
        if (token.Kind != TokenKind.End)
        {
            _position++;
        }

        return token;
    }

    /// <summary>Takes the next token if it is the operator.</summary>
    internal bool TryOperator(string text) => Try(Current.IsOperator(text));

    /// <summary>Takes the next token if it is the name.</summary>
    internal bool TryName(string text) => Try(Current.IsName(text));

    /// <summary>Takes the operator.</summary>
    internal void ExpectOperator(string text)
    {
        if (!TryOperator(text))
        {
            throw Unexpected(text);
        }
    }

    /// <summary>Takes the name.</summary>
    internal void ExpectName(string text)
    {
        if (!TryName(text))
        {
            throw Unexpected(text);
        }
    }

    /// <summary>Takes a token of a kind.</summary>
    internal Token Expect(TokenKind kind) => Current.Kind == kind
        ? Next()
        : throw Unexpected(kind == TokenKind.Name ? "name" : new Token(kind, string.Empty, 0).Describe());

    /// <summary>A fault at the next token.</summary>
    internal TemplateFault Fault(string problem) => TemplateFault.Syntax(problem, Current.Line);

    private TemplateFault Unexpected(string expected) => Fault(Current.Kind == TokenKind.End
        ? $"unexpected end of template, expected '{expected}'."
        : $"expected token '{expected}', got '{Current.Describe()}'");

    private bool Try(bool matches)
    {
        if (matches)
        {
            Next();
        }

        return matches;
    }
}
