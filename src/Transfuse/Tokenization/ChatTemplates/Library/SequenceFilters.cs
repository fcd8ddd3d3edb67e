using System.Numerics;
using Transfuse.Tokenization.ChatTemplates.Evaluation;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Filters on lists and what can be read as one.</summary>
internal static class SequenceFilters
{
    /// <summary>The filters by name.</summary>
    internal static readonly KeyValuePair<string, FilterBody>[] All =
    [
        Filters.Define("length", "", (_, value, _) => Length(value)),
        Filters.Define("count", "", (_, value, _) => Length(value)),
        Filters.Define("first", "", (_, value, _) => Iteration.Items(value).FirstOrDefault() ?? new Undefined("No first item, sequence was empty.")),
        Filters.Define("last", "", (_, value, _) => Iteration.Items(value).LastOrDefault() ?? new Undefined("No last item, sequence was empty.")),
        Filters.Define("list", "", (run, value, _) => new SequenceValue(Iteration.ToArray(value, run.Budget))),
        Filters.Define("join", "d attribute", Join),
        Filters.Define("reverse", "", Reverse),
        Filters.Define("items", "", (_, value, _) => Items(value)),
        Filters.Define("dictsort", "case_sensitive by reverse", DictSort),
        Filters.Define("sort", "reverse case_sensitive attribute", Sort),
        Filters.Define("sum", "attribute start", Sum),
        Filters.Define("max", "case_sensitive attribute", (run, value, a) => Extreme(run, value, a, ">")),
        Filters.Define("min", "case_sensitive attribute", (run, value, a) => Extreme(run, value, a, "<")),
        Filters.Define("unique", "case_sensitive attribute", Unique),
        Filters.Define("batch", "linecount fill_with", Batch),
        Filters.Define("slice", "slices fill_with", Slice),
        Filters.Define("groupby", "attribute default case_sensitive", GroupBy),
    ];

    private static object Length(object value) => Iteration.Length(value) is { } length
        ? new BigInteger(length)
        : throw TemplateFault.Type($"object of type '{PythonType.Name(value)}' has no len()");

    private static object Join(Evaluator run, object value, object?[] arguments)
    {
        var separator = arguments[0] is null ? string.Empty : PythonText.Str(arguments[0]!);
        var items = Iteration.ToArray(value, run.Budget).Select(item => PythonText.Str(Selected(run, item, arguments[1]))).ToList();
        run.Budget.Size(items.Sum(item => (long)item.Length + separator.Length));
        return string.Join(separator, items);
    }

    private static object Reverse(Evaluator run, object value, object?[] arguments)
    {
        var items = Iteration.ToArray(value, run.Budget);
        Array.Reverse(items);
        return value is string ? string.Concat(items.Cast<string>()) : new IteratorValue(items);
    }

    private static object Items(object value) => value switch
    {
        Undefined => new IteratorValue([]),
        DictValue dict => new IteratorValue(DictMethods.Items(dict).Items),
        _ => throw TemplateFault.Type("Can only get item pairs from a mapping."),
    };

    private static object DictSort(Evaluator run, object value, object?[] arguments)
    {
        var dict = value as DictValue ?? throw ((value as Undefined)?.Fault() ?? new TemplateFault("AttributeError", $"'{PythonType.Name(value)}' object has no attribute 'items'"));
        var place = (arguments[1] as string ?? "key") switch
        {
            "key" => 0,
            "value" => 1,
            _ => throw new TemplateFault("FilterArgumentError", "You can only sort by either \"key\" or \"value\""),
        };
        return Sorted(run, DictMethods.Items(dict).Items, pair => Folded(((SequenceValue)pair).Items[place], arguments[0]), arguments[2]);
    }

    private static object Sort(Evaluator run, object value, object?[] arguments) =>
        Sorted(run, Iteration.ToArray(value, run.Budget), item => SortKey(run, item, arguments[2], arguments[1]), arguments[0]);

    private static SequenceValue Sorted(Evaluator run, IReadOnlyList<object> items, Func<object, object> key, object? reverse)
    {
        var sign = reverse is not null && PythonType.IsTrue(reverse) ? -1 : 1;
        object[] keyed = [.. items.Select(item => (object)(key(item), item))];
        var sorted = StableSort.Sort(keyed, (x, y) => sign * PythonComparison.Compare((((object, object))x).Item1, (((object, object))y).Item1, "<"), run.Budget);
        return new SequenceValue([.. sorted.Select(pair => (((object, object))pair).Item2)]);
    }

    // Several attributes may be named with commas between.
    private static object SortKey(Evaluator run, object item, object? attribute, object? caseSensitive)
    {
        if (attribute is string paths && paths.Contains(',', StringComparison.Ordinal))
        {
            return new SequenceValue([.. paths.Split(',').Select(path => Folded(ObjectAccess.Path(item, path, run.Budget), caseSensitive))]);
        }

        return Folded(Selected(run, item, attribute), caseSensitive);
    }

    private static object Sum(Evaluator run, object value, object?[] arguments)
    {
        var sum = arguments[1] is string ? throw TemplateFault.Type("sum() can't sum strings [use ''.join(seq) instead]") : arguments[1] ?? BigInteger.Zero;
        foreach (var item in Iteration.Items(value))
        {
            run.Budget.Step();
            sum = PythonArithmetic.Apply("+", sum, Selected(run, item, arguments[0]), run.Budget);
        }

        return sum;
    }

    private static object Extreme(Evaluator run, object value, object?[] arguments, string sign)
    {
        object? best = null;
        foreach (var item in Iteration.Items(value))
        {
            run.Budget.Step();
            if (best is null || PythonComparison.Holds(SortKey(run, item, arguments[1], arguments[0]), sign, SortKey(run, best, arguments[1], arguments[0])))
            {
                best = item;
            }
        }

        return best ?? new Undefined("No aggregated item, sequence was empty.");
    }

    private static object Unique(Evaluator run, object value, object?[] arguments)
    {
        var seen = new DictValue();
        var unique = new List<object>();
        foreach (var item in Iteration.Items(value))
        {
            run.Budget.Step();
            var key = SortKey(run, item, arguments[1], arguments[0]);
            if (seen.Find(key) is null)
            {
                seen.Set(key, true);
                unique.Add(item);
            }
        }

        return new IteratorValue(unique);
    }

    private static object Batch(Evaluator run, object value, object?[] arguments)
    {
        var count = Math.Max(1, PythonType.Index(arguments[0] ?? throw TemplateFault.Type("batch needs a count")));
        var batches = Iteration.ToArray(value, run.Budget).Chunk(count).ToList();
        if (batches.Count > 0 && arguments[1] is not null and not NoneValue)
        {
            run.Budget.Size(count);
            batches[^1] = [.. batches[^1], .. Enumerable.Repeat(arguments[1]!, count - batches[^1].Length)];
        }

        return new IteratorValue(batches.Select(batch => new SequenceValue(batch)));
    }

    private static object Slice(Evaluator run, object value, object?[] arguments)
    {
        var items = Iteration.ToArray(value, run.Budget);
        var slices = Math.Max(1, PythonType.Index(arguments[0] ?? throw TemplateFault.Type("slice needs a count")));
        run.Budget.Size(slices);
        var lists = new List<object>(slices);
        var (each, more) = (items.Length / slices, items.Length % slices);
        for (int number = 0, start = 0; number < slices; number++)
        {
            var end = start + each + (number < more ? 1 : 0);
            var list = items[start..end].ToList();
            if (arguments[1] is not null and not NoneValue && number >= more)
            {
                list.Add(arguments[1]!);
            }

            lists.Add(new SequenceValue(list));
            start = end;
        }

        return new IteratorValue(lists);
    }

    private static object GroupBy(Evaluator run, object value, object?[] arguments)
    {
        var attribute = arguments[0] ?? throw TemplateFault.Type("groupby needs an attribute");
        object Raw(object item) => ObjectAccess.Path(item, attribute, run.Budget) is var found && found is Undefined ? arguments[1] ?? found : found;
        object Key(object item) => Folded(Raw(item), arguments[2]);
        var groups = new List<(object Key, List<object> Items)>();
        foreach (var item in Sorted(run, Iteration.ToArray(value, run.Budget), Key, null).Items)
        {
            if (groups.Count == 0 || !PythonComparison.AreEqual(Key(groups[^1].Items[0]), Key(item)))
            {
                groups.Add((Raw(item), []));
            }

            groups[^1].Items.Add(item);
        }

        return new SequenceValue([.. groups.Select(group => new SequenceValue([group.Key, new SequenceValue(group.Items)], IsTuple: true, ["grouper", "list"]))]);
    }

    private static object Selected(Evaluator run, object item, object? attribute) =>
        attribute is null or NoneValue ? item : ObjectAccess.Path(item, attribute, run.Budget);

    private static object Folded(object value, object? caseSensitive) =>
        value is string text && (caseSensitive is null || !PythonType.IsTrue(caseSensitive)) ? PythonCase.ToLower(text) : value;
}
