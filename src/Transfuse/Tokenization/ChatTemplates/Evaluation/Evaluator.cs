using System.Runtime.CompilerServices;
using Transfuse.Tokenization.ChatTemplates.Library;
using Transfuse.Tokenization.ChatTemplates.Syntax;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Evaluation;

/// <summary>Works out expressions.</summary>
internal sealed class Evaluator(RenderBudget budget)
{
    /// <summary>What the run may do.</summary>
    internal RenderBudget Budget => budget;

    /// <summary>The value of an expression.</summary>
    internal object Evaluate(Expression expression, Scope scope)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        budget.Step();
        return expression switch
        {
            ConstantExpression constant => constant.Value,
            NameExpression name => scope.Find(name.Name) ?? Undefined.Name(name.Name),
            SequenceExpression sequence => new SequenceValue([.. sequence.Items.Select(item => Evaluate(item, scope))], sequence.IsTuple),
            DictExpression dict => MakeDict(dict, scope),
            AttributeExpression attribute => ObjectAccess.Attribute(Evaluate(attribute.Owner, scope), attribute.Name, budget),
            ItemExpression item => ObjectAccess.Item(Evaluate(item.Owner, scope), Evaluate(item.Key, scope), budget),
            SliceExpression slice => Slicing.Slice(
                Evaluate(slice.Owner, scope), (Evaluate(slice.Start, scope), Evaluate(slice.Stop, scope), Evaluate(slice.Step, scope))),
            CallExpression call => Call(call, scope),
            FilterExpression filter => ApplyFilter(filter.Name, Evaluate(filter.Value!, scope), MakeArguments(filter.Arguments, scope)),
            TestExpression test => ApplyTest(test.Name, Evaluate(test.Value, scope), MakeArguments(test.Arguments, scope)),
            UnaryExpression { Sign: "not" } not => !PythonType.IsTrue(Evaluate(not.Value, scope)),
            UnaryExpression signed => PythonArithmetic.Signed(signed.Sign, Evaluate(signed.Value, scope)),
            BinaryExpression binary => PythonArithmetic.Apply(binary.Sign, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope), budget),
            LogicalExpression logical => Decide(logical, scope),
            CompareExpression compare => Compare(compare, scope),
            ConcatExpression concat => Concat(concat, scope),
            ConditionalExpression conditional => Choose(conditional, scope),
            _ => throw new InvalidOperationException($"{expression.GetType().Name} has no value."),
        };
    }

    /// <summary>The value of a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="scope">Its variables.</param>
    /// <param name="more">Further named arguments.</param>
    internal object Call(CallExpression call, Scope scope, params (string Name, object Value)[] more)
    {
        var callee = Evaluate(call.Callee, scope);
        var arguments = MakeArguments(call.Arguments, scope);
        return Call(callee, more.Length == 0 ? arguments : arguments with { Named = [.. arguments.Named, .. more] });
    }

    /// <summary>Calls a value.</summary>
    internal static object Call(object callee, Arguments arguments) => callee switch
    {
        Callable { TypeName: "macro" } macro => macro.Call(arguments),
        Callable callable => callable.Call(arguments.Plain),
        LoopValue loop when arguments.Positional.Count == 1 => loop.Recurse(arguments.Positional[0]),
        Undefined undefined => throw undefined.Fault(),
        _ => throw TemplateFault.Type($"'{PythonType.Name(callee)}' object is not callable"),
    };

    /// <summary>Applies a filter.</summary>
    internal object ApplyFilter(string name, object value, Arguments arguments) => Filters.All.TryGetValue(name, out var filter)
        ? FilterMarkup(name, filter, value, arguments.Plain)
        : throw new TemplateFault("TemplateRuntimeError", $"No filter named {PythonText.Repr(name)} found.");

    // Marked text stays marked where the filter works on the text itself.
    private object FilterMarkup(string name, FilterBody filter, object value, Arguments arguments)
    {
        if (value is not MarkupValue markup || name is "escape" or "e" or "default" or "d")
        {
            return filter(this, value, arguments);
        }

        var result = filter(this, markup.Text, arguments);
        return name is "upper" or "lower" or "capitalize" or "trim" or "string" or "indent" or "center" or "reverse" ? MarkupValue.Mark(result) : result;
    }

    /// <summary>Applies a test.</summary>
    internal static bool ApplyTest(string name, object value, Arguments arguments) => Tests.All.TryGetValue(name, out var test)
        ? test(value, arguments.Plain)
        : throw new TemplateFault("TemplateRuntimeError", $"No test named {PythonText.Repr(name)} found.");

    /// <summary>Applies the filters of a filter block to its text.</summary>
    internal object FilterBody(Expression filter, string text, Scope scope)
    {
        var (value, name, arguments) = (FilterExpression)filter;
        return ApplyFilter(name, value is null ? text : FilterBody(value, text, scope), MakeArguments(arguments, scope));
    }

    private Arguments MakeArguments(ArgumentList list, Scope scope)
    {
        if (ReferenceEquals(list, ArgumentList.Empty))
        {
            return Arguments.None;
        }

        var positional = list.Positional.Select(value => Evaluate(value, scope)).ToList();
        var named = list.Named.Select(argument => (argument.Name, Evaluate(argument.Value, scope))).ToList();
        if (list.Spread is { } spread)
        {
            positional.AddRange(Iteration.ToArray(Evaluate(spread, scope), budget));
        }

        if (list.NamedSpread is { } namedSpread)
        {
            var dict = Evaluate(namedSpread, scope) as DictValue ?? throw TemplateFault.Type("argument after ** must be a mapping");
            named.AddRange(dict.Entries.Select(entry => (entry.Key as string ?? throw TemplateFault.Type("keywords must be strings"), entry.Value)));
        }

        return new Arguments(positional, named);
    }

    private DictValue MakeDict(DictExpression expression, Scope scope)
    {
        var dict = new DictValue();
        foreach (var (key, value) in expression.Items)
        {
            dict.Set(Evaluate(key, scope), Evaluate(value, scope));
        }

        return dict;
    }

    private object Decide(LogicalExpression logical, Scope scope)
    {
        var left = Evaluate(logical.Left, scope);
        return PythonType.IsTrue(left) == logical.IsAnd ? Evaluate(logical.Right, scope) : left;
    }

    private object Compare(CompareExpression compare, Scope scope)
    {
        var left = Evaluate(compare.First, scope);
        foreach (var (sign, expression) in compare.Rest)
        {
            var right = Evaluate(expression, scope);
            budget.Step(1 + ((Iteration.Length(right) ?? 0) / 16));
            var holds = sign switch
            {
                "in" => PythonComparison.Contains(right, left),
                "not in" => !PythonComparison.Contains(right, left),
                _ => PythonComparison.Holds(left, sign, right),
            };
            if (!holds)
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private string Concat(ConcatExpression concat, Scope scope) =>
        budget.Sized(string.Concat(concat.Parts.Select(part => PythonText.Str(Evaluate(part, scope)))));

    private object Choose(ConditionalExpression conditional, Scope scope) =>
        PythonType.IsTrue(Evaluate(conditional.Condition, scope))
            ? Evaluate(conditional.Then, scope)
            : conditional.Otherwise is null
                ? new Undefined($"the inline if-expression on line {conditional.Line} evaluated to false and no else section was defined.")
                : Evaluate(conditional.Otherwise, scope);
}
