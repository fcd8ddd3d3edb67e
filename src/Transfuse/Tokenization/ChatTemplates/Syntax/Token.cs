namespace Transfuse.Tokenization.ChatTemplates.Syntax;

/// <summary>A token of a template.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Text">Name, operator, digits, unescaped string or data.</param>
/// <param name="Line">Line where it starts, from 1.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line)
{
    /// <summary>Whether this is the operator.</summary>
    internal bool IsOperator(string text) => Kind == TokenKind.Operator && string.Equals(Text, text, StringComparison.Ordinal);

    /// <summary>Whether this is the name or keyword.</summary>
    internal bool IsName(string text) => Kind == TokenKind.Name && string.Equals(Text, text, StringComparison.Ordinal);

    /// <summary>The token in the words of Jinja's error messages.</summary>
    internal string Describe() => Kind switch
    {
        TokenKind.Data => "template data / text",
        TokenKind.PrintStart => "begin of print statement",
        TokenKind.PrintEnd => "end of print statement",
        TokenKind.BlockStart => "begin of statement block",
        TokenKind.BlockEnd => "end of statement block",
        TokenKind.End => "end of template",
        TokenKind.Integer => "integer",
        TokenKind.Float => "float",
        TokenKind.Text => "string",
        _ => Text,
    };
}
