using Transfuse.Tokenization.ChatTemplates.Library;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Syntax;

/// <content>What operators stand between: literals, brackets, and what follows a value: attributes, items, calls, filters, tests.</content>
internal sealed partial class ExpressionParser
{
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
