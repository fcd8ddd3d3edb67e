using Transfuse.Tokenization.ChatTemplates.Evaluation;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Sorts as Python does: equal items keep their order. Faults of the comparison come through, which .NET's own sorts wrap.</summary>
internal static class StableSort
{
    /// <summary>The items in order (merge sort).</summary>
    internal static object[] Sort(object[] items, Comparison<object> compare, RenderBudget budget)
    {
        if (items.Length < 2)
        {
            return items;
        }

        budget.Step(items.Length);
        var left = Sort(items[..(items.Length / 2)], compare, budget);
        var right = Sort(items[(items.Length / 2)..], compare, budget);
        var merged = new object[items.Length];
        var (i, j) = (0, 0);
        for (var place = 0; place < merged.Length; place++)
        {
            merged[place] = j == right.Length || (i < left.Length && compare(left[i], right[j]) <= 0) ? left[i++] : right[j++];
        }

        return merged;
    }
}
