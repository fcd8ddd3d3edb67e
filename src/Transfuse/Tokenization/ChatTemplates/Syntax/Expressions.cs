namespace Transfuse.Tokenization.ChatTemplates.Syntax;

/// <summary>A part of a template that has a value.</summary>
internal abstract record Expression;

/// <summary>A literal.</summary>
internal sealed record ConstantExpression(object Value) : Expression;

/// <summary>A variable.</summary>
internal sealed record NameExpression(string Name) : Expression;

/// <summary>An attribute of a namespace as the target of <c>set</c>.</summary>
internal sealed record NamespaceTarget(string Name, string Attribute) : Expression;

/// <summary>A list or tuple of items.</summary>
internal sealed record SequenceExpression(IReadOnlyList<Expression> Items, bool IsTuple) : Expression;

/// <summary>A dict of items.</summary>
internal sealed record DictExpression(IReadOnlyList<(Expression Key, Expression Value)> Items) : Expression;

/// <summary><c>owner.name</c>.</summary>
internal sealed record AttributeExpression(Expression Owner, string Name) : Expression;

/// <summary><c>owner[key]</c>.</summary>
internal sealed record ItemExpression(Expression Owner, Expression Key) : Expression;

/// <summary><c>owner[start:stop:step]</c>.</summary>
internal sealed record SliceExpression(Expression Owner, Expression Start, Expression Stop, Expression Step) : Expression;

/// <summary><c>callee(arguments)</c>.</summary>
internal sealed record CallExpression(Expression Callee, ArgumentList Arguments) : Expression;

/// <summary><c>value | name(arguments)</c>; the value is null for the body of a filter block.</summary>
internal sealed record FilterExpression(Expression? Value, string Name, ArgumentList Arguments) : Expression;

/// <summary><c>value is name(arguments)</c>.</summary>
internal sealed record TestExpression(Expression Value, string Name, ArgumentList Arguments) : Expression;

/// <summary><c>not value</c>, <c>-value</c>, <c>+value</c>.</summary>
internal sealed record UnaryExpression(string Sign, Expression Value) : Expression;

/// <summary>Arithmetic on two values.</summary>
internal sealed record BinaryExpression(string Sign, Expression Left, Expression Right) : Expression;

/// <summary><c>and</c>, <c>or</c>: the right side is worked out only if it decides.</summary>
internal sealed record LogicalExpression(bool IsAnd, Expression Left, Expression Right) : Expression;

/// <summary><c>a &lt; b &lt;= c</c>: all must hold.</summary>
internal sealed record CompareExpression(Expression First, IReadOnlyList<(string Sign, Expression Value)> Rest) : Expression;

/// <summary><c>a ~ b ~ c</c>.</summary>
internal sealed record ConcatExpression(IReadOnlyList<Expression> Parts) : Expression;

/// <summary><c>then if condition else otherwise</c>.</summary>
internal sealed record ConditionalExpression(Expression Condition, Expression Then, Expression? Otherwise, int Line) : Expression;

/// <summary>The arguments of a call.</summary>
internal sealed record ArgumentList(
    IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named, Expression? Spread, Expression? NamedSpread)
{
    /// <summary>No arguments.</summary>
    internal static readonly ArgumentList Empty = new([], [], null, null);
}
