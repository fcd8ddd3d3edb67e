using Transfuse.Tokenization.ChatTemplates.Evaluation;

namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>Values as items in order.</summary>
internal static class Iteration
{
    /// <summary>The items that iterating over a value gives.</summary>
    /// <exception cref="TemplateFault">The value has no items.</exception>
    internal static IEnumerable<object> Items(object value) => TryItems(value) ?? throw TemplateFault.Type($"'{PythonType.Name(value)}' object is not iterable");

    /// <summary>The items that iterating over a value gives, or null if it has none.</summary>
    internal static IEnumerable<object>? TryItems(object value) => value switch
    {
        string text => CodePoints.Split(text),
        MarkupValue markup => CodePoints.Split(markup.Text),
        SequenceValue sequence => sequence.Items,
        DictValue dict => dict.Keys,
        DictView view => view.Items,
        RangeValue range => range.Items(),
        IteratorValue iterator => iterator.Rest(),
        Undefined => [],
        _ => null,
    };

    /// <summary>The items as an array that can be counted, bounded by the budget.</summary>
    internal static object[] ToArray(object value, RenderBudget budget) => ToArray(Items(value), budget);

    /// <summary>The items as an array, bounded by the budget.</summary>
    internal static object[] ToArray(IEnumerable<object> items, RenderBudget budget)
    {
        var list = new List<object>();
        foreach (var item in items)
        {
            budget.Step();
            list.Add(item);
            if (list.Count >= budget.MaxLength)
            {
                budget.Size(list.Count);
            }
        }

        return [.. list];
    }

    /// <summary>Number of items, or null for a value without.</summary>
    internal static int? Length(object value) => value switch
    {
        string text => CodePoints.Count(text),
        MarkupValue markup => CodePoints.Count(markup.Text),
        SequenceValue sequence => sequence.Items.Count,
        DictValue dict => dict.Count,
        DictView view => view.Items.Count,
        RangeValue range => range.Count,
        Undefined => 0,
        LoopValue loop => loop.Length,
        _ => null,
    };
}
