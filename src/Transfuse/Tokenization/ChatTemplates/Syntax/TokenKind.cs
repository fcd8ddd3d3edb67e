namespace Transfuse.Tokenization.ChatTemplates.Syntax;

/// <summary>Kinds of tokens of a template.</summary>
internal enum TokenKind
{
    /// <summary>Text outside tags.</summary>
    Data,

    /// <summary>The start of <c>{{ … }}</c>.</summary>
    PrintStart,

    /// <summary>The end of <c>{{ … }}</c>.</summary>
    PrintEnd,

    /// <summary>The start of <c>{% … %}</c>.</summary>
    BlockStart,

    /// <summary>The end of <c>{% … %}</c>.</summary>
    BlockEnd,

    /// <summary>A name or keyword.</summary>
    Name,

    /// <summary>A string literal; its text is unescaped.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number with fraction or exponent.</summary>
    Float,

    /// <summary>An operator or bracket.</summary>
    Operator,

    /// <summary>The end of the template.</summary>
    End,
}
