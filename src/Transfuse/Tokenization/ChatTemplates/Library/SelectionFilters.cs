using Transfuse.Tokenization.ChatTemplates.Evaluation;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Filters that choose or change every item: <c>map</c>, <c>select</c>, <c>reject</c> and their forms for attributes.</summary>
internal static class SelectionFilters
{
    /// <summary>The filters by name.</summary>
    internal static readonly KeyValuePair<string, FilterBody>[] All =
    [
        new("map", Map),
        new("select", (run, value, arguments) => Select(run, value, arguments, byAttribute: false, keeps: true)),
        new("reject", (run, value, arguments) => Select(run, value, arguments, byAttribute: false, keeps: false)),
        new("selectattr", (run, value, arguments) => Select(run, value, arguments, byAttribute: true, keeps: true)),
        new("rejectattr", (run, value, arguments) => Select(run, value, arguments, byAttribute: true, keeps: false)),
    ];

    private static object Map(Evaluator run, object value, Arguments arguments)
    {
        Func<object, object> change;
        if (arguments.Positional.Count == 0 && arguments.Find("attribute") is { } attribute)
        {
            var otherwise = arguments.Find("default");
            change = item => ObjectAccess.Path(item, attribute, run.Budget) is var found && found is Undefined ? otherwise ?? found : found;
        }
        else
        {
            var name = arguments.First as string ?? throw new TemplateFault("FilterArgumentError", "map requires a filter argument");
            var rest = arguments.Skip(1);
            change = item => run.ApplyFilter(name, item, rest);
        }

        return new IteratorValue(Counted(run, value).Select(change));
    }

    private static object Select(Evaluator run, object value, Arguments arguments, bool byAttribute, bool keeps)
    {
        Func<object, object> part = item => item;
        if (byAttribute)
        {
            var path = arguments.First ?? throw new TemplateFault("FilterArgumentError", "Missing parameter for attribute name");
            part = item => ObjectAccess.Path(item, path, run.Budget);
            arguments = arguments.Skip(1);
        }

        if (arguments.Positional.Count == 0)
        {
            return new IteratorValue(Counted(run, value).Where(item => PythonType.IsTrue(part(item)) == keeps));
        }

        var test = PythonText.Str(arguments.Positional[0]);
        var rest = arguments.Skip(1);
        return new IteratorValue(Counted(run, value).Where(item => Evaluator.ApplyTest(test, part(item), rest) == keeps));
    }

    // As Jinja has it, none has no items here, while a loop over it is a fault.
    private static IEnumerable<object> Counted(Evaluator run, object value) => !PythonType.IsTrue(value) ? [] : Iteration.Items(value).Select(item =>
    {
        run.Budget.Step();
        return item;
    });
}
