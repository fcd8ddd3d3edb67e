using System.Runtime.CompilerServices;
using Transfuse.Tokenization.ChatTemplates.Library;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Syntax;

/// <summary>Reads expressions with Jinja's precedence: from loose to tight if/else, or, and, not, comparison, + -, ~, * / // %, **, sign, postfix, filter and test.</summary>
internal sealed class ExpressionParser(TokenReader tokens)
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
    internal Expression Parse(bool allowsCondition = true)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return allowsCondition ? ParseConditional() : ParseOr();
    }

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

    private Expression ParseNot()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return tokens.TryName("not") ? new UnaryExpression("not", ParseNot()) : ParseComparison();
    }

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
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var node = tokens.Current is { Kind: TokenKind.Operator, Text: "-" or "+" }
            ? new UnaryExpression(tokens.Next().Text, ParseUnary(allowsFilter: false))
            : ParsePrimary();
        node = ParsePostfix(node);
        return allowsFilter ? ParseFiltersAndTests(node) : node;
    }

    private Expression ParsePrimary()
    {
        var token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                tokens.Next();
                return token.Text switch
                {
                    "true" or "True" => new ConstantExpression(true),
                    "false" or "False" => new ConstantExpression(false),
                    "none" or "None" => new ConstantExpression(NoneValue.Value),
                    _ => new NameExpression(token.Text),
                };
            case TokenKind.Text:
                return ParseText();
            case TokenKind.Integer:
                tokens.Next();
                return new ConstantExpression(NumberLiteral.Integer(token.Text, token.Line));
            case TokenKind.Float:
                tokens.Next();
                return new ConstantExpression(NumberLiteral.Float(token.Text));
            case TokenKind.Operator when token.Text is "(":
                tokens.Next();
                var tuple = ParseTuple(isBracketed: true);
                tokens.ExpectOperator(")");
                return tuple;
            case TokenKind.Operator when token.Text is "[":
                return ParseList();
            case TokenKind.Operator when token.Text is "{":
                return ParseDict();
            default:
                throw tokens.Fault($"unexpected '{token.Describe()}'");
        }
    }

    private ConstantExpression ParseText()
    {
        var text = tokens.Next().Text;
        while (tokens.Current.Kind == TokenKind.Text)
        {
            text += tokens.Next().Text;
        }

        return new ConstantExpression(text);
    }

    private SequenceExpression ParseList()
    {
        tokens.ExpectOperator("[");
        var items = new List<Expression>();
        while (!tokens.Current.IsOperator("]"))
        {
            items.Add(Parse());
            if (!tokens.Current.IsOperator("]"))
            {
                tokens.ExpectOperator(",");
            }
        }

        tokens.Next();
        return new SequenceExpression(items, IsTuple: false);
    }

    private DictExpression ParseDict()
    {
        tokens.ExpectOperator("{");
        var items = new List<(Expression Key, Expression Value)>();
        while (!tokens.Current.IsOperator("}"))
        {
            var key = Parse();
            tokens.ExpectOperator(":");
            items.Add((key, Parse()));
            if (!tokens.Current.IsOperator("}"))
            {
                tokens.ExpectOperator(",");
            }
        }

        tokens.Next();
        return new DictExpression(items);
    }

    private Expression ParsePostfix(Expression node)
    {
        while (true)
        {
            if (tokens.TryOperator("."))
            {
                node = ParseAttribute(node);
            }
            else if (tokens.TryOperator("["))
            {
                node = ParseSubscript(node);
            }
            else if (tokens.Current.IsOperator("("))
            {
                node = new CallExpression(node, ParseArguments());
            }
            else
            {
                return node;
            }
        }
    }

    private Expression ParseAttribute(Expression owner)
    {
        var token = tokens.Next();
        return token.Kind switch
        {
            TokenKind.Name => new AttributeExpression(owner, token.Text),
            TokenKind.Integer => new ItemExpression(owner, new ConstantExpression(NumberLiteral.Integer(token.Text, token.Line))),
            _ => throw TemplateFault.Syntax("expected name or number", token.Line),
        };
    }

    private Expression ParseSubscript(Expression owner)
    {
        var keys = new List<Expression>();
        Expression? node = null;
        do
        {
            if (keys.Count > 0 && tokens.Current.IsOperator("]"))
            {
                break;
            }

            var start = IsSliceBound() ? null : Parse();
            if (start is not null && !tokens.Current.IsOperator(":"))
            {
                keys.Add(start);
                continue;
            }

            node = ParseSlice(owner, start);
            break;
        }
        while (tokens.TryOperator(","));
        tokens.ExpectOperator("]");
        return node ?? new ItemExpression(owner, keys.Count == 1 ? keys[0] : new SequenceExpression(keys, IsTuple: true));
    }

    private SliceExpression ParseSlice(Expression owner, Expression? start)
    {
        var bounds = new Expression[] { start ?? new ConstantExpression(NoneValue.Value), new ConstantExpression(NoneValue.Value), new ConstantExpression(NoneValue.Value) };
        for (var i = 1; i < bounds.Length && tokens.TryOperator(":"); i++)
        {
            if (!IsSliceBound() && !tokens.Current.IsOperator("]"))
            {
                bounds[i] = Parse();
            }
        }

        return new SliceExpression(owner, bounds[0], bounds[1], bounds[2]);
    }

    private bool IsSliceBound() => tokens.Current.IsOperator(":");

    private Expression ParseFiltersAndTests(Expression node)
    {
        while (true)
        {
            if (tokens.TryOperator("|"))
            {
                node = ParseFilters(node);
            }
            else if (tokens.TryName("is"))
            {
                node = ParseTest(node);
            }
            else if (tokens.Current.IsOperator("("))
            {
                node = new CallExpression(node, ParseArguments());
            }
            else
            {
                return node;
            }
        }
    }

    private Expression ParseTest(Expression value)
    {
        var isNegated = tokens.TryName("not");
        var name = ParseDottedName();
        var arguments = ArgumentList.Empty;
        if (tokens.Current.IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if (BeginsTestArgument())
        {
            arguments = arguments with { Positional = [ParsePostfix(ParsePrimary())] };
        }

        if (!Tests.All.ContainsKey(name))
        {
            _unknown.Add(new TemplateFault("TemplateAssertionError", $"No test named {PythonText.Repr(name)}.", tokens.Current.Line));
        }

        var test = new TestExpression(value, name, arguments);
        return isNegated ? new UnaryExpression("not", test) : test;
    }

    private bool BeginsTestArgument()
    {
        var token = tokens.Current;
        if (token.IsName("is"))
        {
            throw tokens.Fault("You cannot chain multiple tests with is");
        }

        return token.Kind is TokenKind.Text or TokenKind.Integer or TokenKind.Float
            || token is { Kind: TokenKind.Operator, Text: "[" or "{" }
            || (token.Kind == TokenKind.Name && token.Text is not ("else" or "or" or "and" or "if" or "in" or "not"));
    }

    private string ParseDottedName()
    {
        var name = tokens.Expect(TokenKind.Name).Text;
        while (tokens.TryOperator("."))
        {
            name += "." + tokens.Expect(TokenKind.Name).Text;
        }

        return name;
    }

    private ArgumentList ParseArguments()
    {
        tokens.ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<(string Name, Expression Value)>();
        Expression? spread = null;
        Expression? namedSpread = null;
        while (!tokens.Current.IsOperator(")"))
        {
            if (tokens.TryOperator("*"))
            {
                spread = Parse();
            }
            else if (tokens.TryOperator("**"))
            {
                namedSpread = Parse();
            }
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Following.IsOperator("="))
            {
                var name = tokens.Next().Text;
                tokens.Next();
                named.Add((name, Parse()));
            }
            else if (named.Count > 0 || spread is not null || namedSpread is not null)
            {
                throw tokens.Fault("invalid syntax for function call expression");
            }
            else
            {
                positional.Add(Parse());
            }

            if (!tokens.Current.IsOperator(")"))
            {
                tokens.ExpectOperator(",");
            }
        }

        tokens.Next();
        return new ArgumentList(positional, named, spread, namedSpread);
    }
}
