using Transfuse.Tokenization.ChatTemplates.Library;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Syntax;

/// <summary>Reads expressions with Jinja's precedence: from loose to tight if/else, or, and, not, comparison, + -, ~, * / // %, **, sign, postfix, filter and test.</summary>
internal sealed partial class ExpressionParser(TokenReader tokens)
{
    private readonly List<TemplateFault> _unknown = [];

    /// <summary>Number of unknown filters and tests met; inside a condition they are faults only when they are reached.</summary>
    internal int UnknownCount => _unknown.Count;

    /// <summary>Forgets unknown filters and tests that were met after a count.</summary>
    internal void Forgive(int count) => _unknown.RemoveRange(count, _unknown.Count - count);

    /// <summary>Fails if an unknown filter or test was met after a count.</summary>
    internal void RejectUnknown(int count)
    {
        if (_unknown.Count > count)
        {
            throw _unknown[count];
        }
    }

    /// <summary>An expression.</summary>
    internal Expression Parse(bool allowsCondition = true) => tokens.Nested<Expression>(allowsCondition ? ParseConditional : ParseOr);

    /// <summary>An expression, or several with commas between them, which make a tuple.</summary>
    /// <param name="allowsCondition">Whether <c>a if b</c> belongs to it.</param>
    /// <param name="ends">A name that ends it, or null.</param>
    /// <param name="isBracketed">Whether brackets stand around it, so that it may be empty.</param>
    internal Expression ParseTuple(bool allowsCondition = true, string? ends = null, bool isBracketed = false) =>
        ParseItems(() => Parse(allowsCondition), ends, isBracketed);

    /// <summary>What a loop or <c>set</c> assigns to: a name, names with commas, or with <paramref name="allowsNamespace"/> an attribute of a namespace.</summary>
    internal Expression ParseTarget(string? ends, bool allowsNamespace)
    {
        var target = ParseItems(() => ParseTargetItem(allowsNamespace), ends, isBracketed: false);
        CheckTarget(target);
        return target;
    }

    /// <summary>Filters after an expression, or at the start of a filter block, where <paramref name="value"/> is null.</summary>
    internal Expression ParseFilters(Expression? value)
    {
        do
        {
            var name = ParseDottedName();
            var arguments = tokens.Current.IsOperator("(") ? ParseArguments() : ArgumentList.Empty;
            if (!Filters.All.ContainsKey(name))
            {
                _unknown.Add(new TemplateFault("TemplateAssertionError", $"No filter named {PythonText.Repr(name)}.", tokens.Current.Line));
            }

            value = new FilterExpression(value, name, arguments);
        }
        while (tokens.TryOperator("|"));
        return value;
    }

    private Expression ParseItems(Func<Expression> parse, string? ends, bool isBracketed)
    {
        var items = new List<Expression>();
        var isTuple = false;
        while (!IsTupleEnd(ends))
        {
            items.Add(parse());
            if (!tokens.TryOperator(","))
            {
                break;
            }

            isTuple = true;
        }

        if (isTuple || (items.Count == 0 && isBracketed))
        {
            return new SequenceExpression(items, IsTuple: true);
        }

        return items.Count > 0 ? items[0] : throw tokens.Fault($"Expected an expression, got '{tokens.Current.Describe()}'");
    }

    private bool IsTupleEnd(string? ends) =>
        tokens.Current.Kind is TokenKind.PrintEnd or TokenKind.BlockEnd || tokens.Current.IsOperator(")") || (ends is not null && tokens.Current.IsName(ends));

    private Expression ParseTargetItem(bool allowsNamespace)
    {
        if (allowsNamespace && tokens.Current.Kind == TokenKind.Name && tokens.Following.IsOperator("."))
        {
            var name = tokens.Next().Text;
            tokens.Next();
            return new NamespaceTarget(name, tokens.Expect(TokenKind.Name).Text);
        }

        return ParsePrimary();
    }

    private void CheckTarget(Expression target)
    {
        switch (target)
        {
            case NameExpression or NamespaceTarget:
                return;
            case SequenceExpression { IsTuple: true } tuple:
                foreach (var item in tuple.Items)
                {
                    CheckTarget(item);
                }

                return;
            default:
                throw tokens.Fault($"can't assign to '{(target is DictExpression ? "dict" : target is SequenceExpression ? "list" : "const")}'");
        }
    }

    private Expression ParseConditional()
    {
        var known = UnknownCount;
        var expression = ParseOr();
        while (tokens.Current.IsName("if"))
        {
            var line = tokens.Next().Line;
            var condition = ParseOr();
            var otherwise = tokens.TryName("else") ? Parse() : null;
            expression = new ConditionalExpression(condition, expression, otherwise, line);
            Forgive(known);
        }

        return expression;
    }

    private Expression ParseOr()
    {
        var left = ParseAnd();
        while (tokens.TryName("or"))
        {
            left = new LogicalExpression(IsAnd: false, left, ParseAnd());
        }

        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        while (tokens.TryName("and"))
        {
            left = new LogicalExpression(IsAnd: true, left, ParseNot());
        }

        return left;
    }

    private Expression ParseNot() => tokens.TryName("not") ? new UnaryExpression("not", tokens.Nested(ParseNot)) : ParseComparison();

    private Expression ParseComparison()
    {
        var first = ParseSum();
        var rest = new List<(string Sign, Expression Value)>();
        while (TryComparison() is { } sign)
        {
            rest.Add((sign, ParseSum()));
        }

        return rest.Count == 0 ? first : new CompareExpression(first, rest);
    }

    private string? TryComparison()
    {
        if (tokens.Current is { Kind: TokenKind.Operator, Text: "==" or "!=" or "<" or "<=" or ">" or ">=" })
        {
            return tokens.Next().Text;
        }

        if (tokens.TryName("in"))
        {
            return "in";
        }

        if (!tokens.Current.IsName("not") || !tokens.Following.IsName("in"))
        {
            return null;
        }

        tokens.Next();
        tokens.Next();
        return "not in";
    }

    private Expression ParseSum()
    {
        var left = ParseConcat();
        while (tokens.Current is { Kind: TokenKind.Operator, Text: "+" or "-" })
        {
            left = new BinaryExpression(tokens.Next().Text, left, ParseConcat());
        }

        return left;
    }

    private Expression ParseConcat()
    {
        var first = ParseProduct();
        if (!tokens.Current.IsOperator("~"))
        {
            return first;
        }

        var parts = new List<Expression> { first };
        while (tokens.TryOperator("~"))
        {
            parts.Add(ParseProduct());
        }

        return new ConcatExpression(parts);
    }

    private Expression ParseProduct()
    {
        var left = ParsePower();
        while (tokens.Current is { Kind: TokenKind.Operator, Text: "*" or "/" or "//" or "%" })
        {
            left = new BinaryExpression(tokens.Next().Text, left, ParsePower());
        }

        return left;
    }

    private Expression ParsePower()
    {
        var left = ParseUnary(allowsFilter: true);
        while (tokens.TryOperator("**"))
        {
            left = new BinaryExpression("**", left, ParseUnary(allowsFilter: true));
        }

        return left;
    }

    private Expression ParseUnary(bool allowsFilter)
    {
        var node = tokens.Current is { Kind: TokenKind.Operator, Text: "-" or "+" }
            ? new UnaryExpression(tokens.Next().Text, tokens.Nested(() => ParseUnary(allowsFilter: false)))
            : ParsePrimary();
        node = ParsePostfix(node);
        return allowsFilter ? ParseFiltersAndTests(node) : node;
    }
}
