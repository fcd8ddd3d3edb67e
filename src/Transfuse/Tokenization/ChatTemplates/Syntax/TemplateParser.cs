namespace Transfuse.Tokenization.ChatTemplates.Syntax;

/// <summary>Reads templates: text, print tags and statements.</summary>
internal sealed class TemplateParser
{
    private readonly TokenReader _tokens;
    private readonly ExpressionParser _expressions;
    private readonly Stack<(string Tag, string[] Ends)> _open = new();
    private int _loops;

    private TemplateParser(IReadOnlyList<Token> tokens)
    {
        _tokens = new TokenReader(tokens);
        _expressions = new ExpressionParser(_tokens);
    }

    /// <summary>The statements of a template.</summary>
    /// <exception cref="TemplateFault">The template breaks the grammar, or names a filter or test that does not exist.</exception>
    internal static IReadOnlyList<Statement> Parse(string template)
    {
        var parser = new TemplateParser(Lexer.Read(template));
        var statements = parser.ParseStatements([]);
        parser._expressions.RejectUnknown(0);
        return statements;
    }

    // Up to a tag with one of the names, whose name is then the next token.
    private List<Statement> ParseStatements(string[] ends) => _tokens.Nested(() => ParseAll(ends));

    private List<Statement> ParseAll(string[] ends)
    {
        var statements = new List<Statement>();
        while (true)
        {
            var token = _tokens.Current;
            switch (token.Kind)
            {
                case TokenKind.Data:
                    statements.Add(new TextStatement(token.Line, _tokens.Next().Text));
                    break;
                case TokenKind.PrintStart:
                    _tokens.Next();
                    statements.Add(new PrintStatement(token.Line, _expressions.ParseTuple()));
                    _tokens.Expect(TokenKind.PrintEnd);
                    break;
                case TokenKind.BlockStart:
                    _tokens.Next();
                    if (_tokens.Current.Kind == TokenKind.Name && ends.Contains(_tokens.Current.Text, StringComparer.Ordinal))
                    {
                        return statements;
                    }

                    statements.Add(ParseStatement());
                    _tokens.Expect(TokenKind.BlockEnd);
                    break;
                default:
                    return ends.Length == 0 ? statements : throw _tokens.Fault("Unexpected end of template." + Hint());
            }
        }
    }

    private Statement ParseStatement()
    {
        if (_tokens.Current.Kind != TokenKind.Name)
        {
            throw _tokens.Fault("tag name expected");
        }

        var (_, tag, line) = _tokens.Next();
        return tag switch
        {
            "if" => ParseIf(line),
            "for" => ParseFor(line),
            "set" => ParseSet(line),
            "macro" => ParseMacro(line),
            "call" => ParseCall(line),
            "filter" => ParseFilter(line),
            "with" => ParseWith(line),
            "generation" => new ScopeStatement(line, IsGeneration: true, ParseScoped(tag, "endgeneration")),
            "block" => ParseBlock(line),
            "print" => new PrintStatement(line, ParsePrint()),
            "break" or "continue" => ParseJump(line, tag),
            "extends" or "include" or "import" or "from" => throw TemplateFault.Syntax($"'{tag}' needs another template, and a chat template has none", line),
            _ => throw TemplateFault.Syntax($"Encountered unknown tag '{tag}'." + Hint(tag), line),
        };
    }

    // Several expressions are printed one after the other.
    private ConcatExpression ParsePrint()
    {
        var parts = new List<Expression> { _expressions.Parse() };
        while (_tokens.TryOperator(","))
        {
            parts.Add(_expressions.Parse());
        }

        return new ConcatExpression(parts);
    }

    private string Hint(string? tag = null)
    {
        if (!_open.TryPeek(out var innermost))
        {
            return string.Empty;
        }

        var names = string.Join(" or ", innermost.Ends.Select(end => $"'{end}'"));
        var isMisplaced = tag is not null && _open.Any(open => open.Ends.Contains(tag, StringComparer.Ordinal));
        var looking = isMisplaced
            ? "You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for"
            : "Jinja was looking for the following tags:";
        return $" {looking} {names}. The innermost block that needs to be closed is '{innermost.Tag}'.";
    }

    // From behind the opening tag's expression up to the end tag's name, which is left as the next token.
    private List<Statement> ParseBody(string tag, params string[] ends)
    {
        _tokens.Expect(TokenKind.BlockEnd);
        _open.Push((tag, ends));
        var body = ParseStatements(ends);
        _open.Pop();
        return body;
    }

    // A body whose unknown filters are faults even inside a condition, as Jinja compiles it.
    private List<Statement> ParseScoped(string tag, string end)
    {
        var known = _expressions.UnknownCount;
        var body = ParseBody(tag, end);
        _tokens.Next();
        _expressions.RejectUnknown(known);
        return body;
    }

    private IfStatement ParseIf(int line)
    {
        var known = _expressions.UnknownCount;
        var branches = new List<(Expression Condition, IReadOnlyList<Statement> Body)>();
        IReadOnlyList<Statement> otherwise = [];
        string end;
        do
        {
            var condition = _expressions.ParseTuple(allowsCondition: false);
            branches.Add((condition, ParseBody("if", "elif", "else", "endif")));
            end = _tokens.Next().Text;
        }
        while (end is "elif");
        if (end is "else")
        {
            otherwise = ParseBody("if", "endif");
            _tokens.Next();
        }

        _expressions.Forgive(known);
        return new IfStatement(line, branches, otherwise);
    }

    private ForStatement ParseFor(int line)
    {
        var known = _expressions.UnknownCount;
        var target = _expressions.ParseTarget(ends: "in", allowsNamespace: false);
        _tokens.ExpectName("in");
        var items = _expressions.ParseTuple(allowsCondition: false, ends: "recursive");
        var condition = _tokens.TryName("if") ? _expressions.Parse() : null;
        var isRecursive = _tokens.TryName("recursive");
        _loops++;
        var body = ParseBody("for", "endfor", "else");
        _loops--;
        IReadOnlyList<Statement> otherwise = [];
        if (_tokens.Next().Text is "else")
        {
            otherwise = ParseBody("for", "endfor");
            _tokens.Next();
        }

        _expressions.RejectUnknown(known);
        return new ForStatement(line, target, items, condition, isRecursive, body, otherwise);
    }

    private Statement ParseSet(int line)
    {
        var target = _expressions.ParseTarget(ends: null, allowsNamespace: true);
        if (_tokens.TryOperator("="))
        {
            return new SetStatement(line, target, _expressions.ParseTuple());
        }

        var filter = _tokens.TryOperator("|") ? _expressions.ParseFilters(null) : null;
        return new SetBlockStatement(line, target, filter, ParseScoped("set", "endset"));
    }

    private MacroStatement ParseMacro(int line)
    {
        var name = _tokens.Expect(TokenKind.Name).Text;
        return new MacroStatement(line, ParseDefinition(name, ParseParameters(), "macro", "endmacro"));
    }

    private CallStatement ParseCall(int line)
    {
        IReadOnlyList<(string Name, Expression? Default)> parameters = _tokens.Current.IsOperator("(") ? ParseParameters() : [];
        if (_expressions.Parse() is not CallExpression call)
        {
            throw _tokens.Fault("expected call");
        }

        return new CallStatement(line, ParseDefinition("caller", parameters, "call", "endcall"), call);
    }

    private MacroDefinition ParseDefinition(string name, IReadOnlyList<(string Name, Expression? Default)> parameters, string tag, string end)
    {
        var start = _tokens.Position;
        var loops = _loops;
        _loops = 0;
        var body = ParseScoped(tag, end);
        _loops = loops;
        return new MacroDefinition(
            name, parameters, body, _tokens.HasReadName("caller", start), _tokens.HasReadName("varargs", start), _tokens.HasReadName("kwargs", start));
    }

    private List<(string Name, Expression? Default)> ParseParameters()
    {
        _tokens.ExpectOperator("(");
        var parameters = new List<(string Name, Expression? Default)>();
        while (!_tokens.Current.IsOperator(")"))
        {
            if (parameters.Count > 0)
            {
                _tokens.ExpectOperator(",");
            }

            var name = _tokens.Expect(TokenKind.Name).Text;
            var value = _tokens.TryOperator("=") ? _expressions.Parse() : null;
            if (value is null && parameters.Count > 0 && parameters[^1].Default is not null)
            {
                throw _tokens.Fault("non-default argument follows default argument");
            }

            parameters.Add((name, value));
        }

        _tokens.Next();
        return parameters;
    }

    private FilterStatement ParseFilter(int line)
    {
        var filter = _expressions.ParseFilters(null);
        return new FilterStatement(line, filter, ParseScoped("filter", "endfilter"));
    }

    private WithStatement ParseWith(int line)
    {
        var values = new List<(Expression Target, Expression Value)>();
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (values.Count > 0)
            {
                _tokens.ExpectOperator(",");
            }

            // One name each: a comma separates the next.
            var target = new NameExpression(_tokens.Expect(TokenKind.Name).Text);
            _tokens.ExpectOperator("=");
            values.Add((target, _expressions.Parse()));
        }

        return new WithStatement(line, values, ParseScoped("with", "endwith"));
    }

    private ScopeStatement ParseBlock(int line)
    {
        var name = _tokens.Expect(TokenKind.Name).Text;
        var body = ParseScoped("block", "endblock");
        _tokens.TryName(name);
        return new ScopeStatement(line, IsGeneration: false, body);
    }

    private JumpStatement ParseJump(int line, string tag) => _loops > 0
        ? new JumpStatement(line, tag is "break")
        : throw TemplateFault.Syntax($"'{tag}' outside loop", line);
}
