using Transfuse.Tokenization.ChatTemplates.Syntax;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Evaluation;

/// <summary>Runs the statements of a template once.</summary>
internal sealed class Interpreter
{
    private readonly Evaluator _evaluator;

    /// <summary>Creates it.</summary>
    /// <param name="budget">What the run may do.</param>
    internal Interpreter(RenderBudget budget)
    {
        Budget = budget;
        Output = new RenderOutput(budget);
        _evaluator = new Evaluator(budget);
    }

    private enum Flow
    {
        On,
        Break,
        Continue,
    }

    /// <summary>What the run may do.</summary>
    internal RenderBudget Budget { get; }

    /// <summary>What it writes.</summary>
    internal RenderOutput Output { get; }

    /// <summary>The line that is being worked on.</summary>
    internal int Line { get; private set; }

    /// <summary>Runs a template.</summary>
    /// <param name="statements">The template.</param>
    /// <param name="scope">Holds what the template is given.</param>
    internal void Run(IReadOnlyList<Statement> statements, Scope scope) => RunAll(statements, new Scope(scope));

    private Flow RunAll(IReadOnlyList<Statement> statements, Scope scope)
    {
        foreach (var statement in statements)
        {
            var flow = Run(statement, scope);
            if (flow != Flow.On)
            {
                return flow;
            }
        }

        return Flow.On;
    }

    private Flow Run(Statement statement, Scope scope)
    {
        Line = statement.Line;
        Budget.Step();
        switch (statement)
        {
            case TextStatement text:
                Output.Write(text.Text);
                return Flow.On;
            case PrintStatement print:
                Output.Write(PythonText.Str(Evaluate(print.Value, scope)));
                return Flow.On;
            case IfStatement branches:
                return RunIf(branches, scope);
            case ForStatement loop:
                RunLoop(loop, Evaluate(loop.Items, scope), scope, depth: 0);
                return Flow.On;
            case SetStatement set:
                Assign(set.Target, Evaluate(set.Value, scope), scope);
                return Flow.On;
            case SetBlockStatement set:
                Assign(set.Target, Filter(set.Filter, Capture(set.Body, scope), scope), scope);
                return Flow.On;
            case MacroStatement macro:
                scope.Set(macro.Macro.Name, Define(macro.Macro, scope, "macro"));
                return Flow.On;
            case CallStatement call:
                Output.Write(PythonText.Str(_evaluator.Call(call.Call, scope, ("caller", Define(call.Caller, scope, "macro")))));
                return Flow.On;
            case FilterStatement filter:
                Output.Write(PythonText.Str(Filter(filter.Filter, Capture(filter.Body, scope), scope)));
                return Flow.On;
            case WithStatement with:
                return RunWith(with, scope);
            case ScopeStatement inner:
                return RunScope(inner, scope);
            default:
                return ((JumpStatement)statement).IsBreak ? Flow.Break : Flow.Continue;
        }
    }

    private object Evaluate(Expression expression, Scope scope) => _evaluator.Evaluate(expression, scope);

    private string Capture(IReadOnlyList<Statement> body, Scope scope) => Output.Capture(() => RunAll(body, new Scope(scope)));

    private object Filter(Expression? filter, string text, Scope scope) => filter is null ? text : _evaluator.FilterBody(filter, text, scope);

    private Flow RunIf(IfStatement statement, Scope scope)
    {
        foreach (var (condition, body) in statement.Branches)
        {
            if (PythonType.IsTrue(Evaluate(condition, scope)))
            {
                return RunAll(body, scope);
            }
        }

        return RunAll(statement.Otherwise, scope);
    }

    private void RunLoop(ForStatement statement, object iterable, Scope scope, int depth)
    {
        var items = Iteration.Items(iterable);
        if (statement.Condition is { } condition)
        {
            items = items.Where(item =>
            {
                var inner = new Scope(scope);
                Assign(statement.Target, item, inner);
                return PythonType.IsTrue(Evaluate(condition, inner));
            });
        }

        var all = Iteration.ToArray(items, Budget);
        var loop = new LoopValue(all, depth, statement.IsRecursive ? children => Recurse(statement, children, scope, depth + 1) : null);
        foreach (var item in all)
        {
            Budget.Step();
            var inner = new Scope(scope);
            inner.Set("loop", loop);
            Assign(statement.Target, item, inner);
            if (RunAll(statement.Body, inner) == Flow.Break)
            {
                break;
            }

            loop.Index++;
        }

        if (all.Length == 0)
        {
            RunAll(statement.Otherwise, new Scope(scope));
        }
    }

    private string Recurse(ForStatement statement, object children, Scope scope, int depth)
    {
        Budget.Enter();
        var text = Output.Capture(() => RunLoop(statement, children, scope, depth));
        Budget.Leave();
        return text;
    }

    private Flow RunWith(WithStatement statement, Scope scope)
    {
        var inner = new Scope(scope);
        foreach (var (target, value) in statement.Values)
        {
            Assign(target, Evaluate(value, scope), inner);
        }

        return RunAll(statement.Body, inner);
    }

    private Flow RunScope(ScopeStatement statement, Scope scope)
    {
        var start = Output.Length;
        var flow = RunAll(statement.Body, new Scope(scope));
        if (statement.IsGeneration)
        {
            Output.AddGeneration(start);
        }

        return flow;
    }

    private void Assign(Expression target, object value, Scope scope)
    {
        switch (target)
        {
            case NameExpression name:
                scope.Set(name.Name, value);
                break;
            case NamespaceTarget attribute:
                var owner = scope.Find(attribute.Name) as NamespaceValue
                    ?? throw new TemplateFault("TemplateRuntimeError", "cannot assign attribute on non-namespace object");
                owner.Attributes.Set(attribute.Attribute, value);
                break;
            default:
                Unpack(((SequenceExpression)target).Items, value, scope);
                break;
        }
    }

    private void Unpack(IReadOnlyList<Expression> targets, object value, Scope scope)
    {
        var items = Iteration.TryItems(value) is { } iterable
            ? Iteration.ToArray(iterable, Budget)
            : throw TemplateFault.Type($"cannot unpack non-iterable {PythonType.Name(value)} object");
        if (items.Length != targets.Count)
        {
            throw TemplateFault.Value(items.Length > targets.Count
                ? $"too many values to unpack (expected {targets.Count})"
                : $"not enough values to unpack (expected {targets.Count}, got {items.Length})");
        }

        for (var i = 0; i < items.Length; i++)
        {
            Assign(targets[i], items[i], scope);
        }
    }

    private Callable Define(MacroDefinition macro, Scope scope, string typeName) =>
        new(typeName, macro.Name, arguments => CallMacro(macro, scope, arguments));

    private string CallMacro(MacroDefinition macro, Scope definedIn, Arguments arguments)
    {
        Budget.Enter();
        var line = Line;
        var inner = new Scope(definedIn);
        MacroBinding.Bind(macro, arguments, inner, expression => Evaluate(expression, inner));
        var text = Output.Capture(() => RunAll(macro.Body, inner));
        Line = line;
        Budget.Leave();
        return text;
    }
}
