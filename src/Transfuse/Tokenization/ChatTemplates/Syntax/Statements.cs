namespace Transfuse.Tokenization.ChatTemplates.Syntax;

/// <summary>A part of a template that does something.</summary>
/// <param name="Line">Its line, from 1.</param>
internal abstract record Statement(int Line);

/// <summary>Text outside tags.</summary>
internal sealed record TextStatement(int Line, string Text) : Statement(Line);

/// <summary><c>{{ value }}</c>.</summary>
internal sealed record PrintStatement(int Line, Expression Value) : Statement(Line);

/// <summary><c>{% if %}</c> with its <c>elif</c> and <c>else</c>.</summary>
internal sealed record IfStatement(int Line, IReadOnlyList<(Expression Condition, IReadOnlyList<Statement> Body)> Branches, IReadOnlyList<Statement> Otherwise) : Statement(Line);

/// <summary><c>{% for target in items if condition recursive %}</c>.</summary>
internal sealed record ForStatement(
    int Line, Expression Target, Expression Items, Expression? Condition, bool IsRecursive, IReadOnlyList<Statement> Body, IReadOnlyList<Statement> Otherwise) : Statement(Line);

/// <summary><c>{% set target = value %}</c>.</summary>
internal sealed record SetStatement(int Line, Expression Target, Expression Value) : Statement(Line);

/// <summary><c>{% set target | filter %}…{% endset %}</c>.</summary>
internal sealed record SetBlockStatement(int Line, Expression Target, Expression? Filter, IReadOnlyList<Statement> Body) : Statement(Line);

/// <summary><c>{% macro name(parameters) %}</c>.</summary>
internal sealed record MacroStatement(int Line, MacroDefinition Macro) : Statement(Line);

/// <summary><c>{% call(parameters) macro(…) %}</c>: the body is the called macro's <c>caller</c>.</summary>
internal sealed record CallStatement(int Line, MacroDefinition Caller, CallExpression Call) : Statement(Line);

/// <summary><c>{% filter name %}</c>.</summary>
internal sealed record FilterStatement(int Line, Expression Filter, IReadOnlyList<Statement> Body) : Statement(Line);

/// <summary><c>{% with name = value %}</c>.</summary>
internal sealed record WithStatement(int Line, IReadOnlyList<(Expression Target, Expression Value)> Values, IReadOnlyList<Statement> Body) : Statement(Line);

/// <summary><c>{% generation %}</c>, whose place in the output is noted, and <c>{% block %}</c>, whose is not: a scope of its own.</summary>
internal sealed record ScopeStatement(int Line, bool IsGeneration, IReadOnlyList<Statement> Body) : Statement(Line);

/// <summary><c>{% break %}</c> or <c>{% continue %}</c>.</summary>
internal sealed record JumpStatement(int Line, bool IsBreak) : Statement(Line);

/// <summary>A macro.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">Names and defaults; a default is null where there is none.</param>
/// <param name="Body">Its statements.</param>
/// <param name="TakesCaller">Whether the body names <c>caller</c>.</param>
/// <param name="TakesMore">Whether the body names <c>varargs</c>.</param>
/// <param name="TakesMoreNamed">Whether the body names <c>kwargs</c>.</param>
internal sealed record MacroDefinition(
    string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, IReadOnlyList<Statement> Body, bool TakesCaller, bool TakesMore, bool TakesMoreNamed);
