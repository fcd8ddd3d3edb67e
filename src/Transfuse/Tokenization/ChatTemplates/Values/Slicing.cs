namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>Python's <c>value[start:stop:step]</c>.</summary>
internal static class Slicing
{
    /// <summary>A part of a text, list, tuple or range.</summary>
    /// <param name="value">The value.</param>
    /// <param name="bounds">Start, stop and step, each None or a whole number.</param>
    /// <exception cref="TemplateFault">The value cannot be sliced, or the step is 0.</exception>
    internal static object Slice(object value, (object Start, object Stop, object Step) bounds)
    {
        if (value is MarkupValue markup)
        {
            return MarkupValue.Mark(Slice(markup.Text, bounds));
        }

        if (value is Undefined undefined)
        {
            throw undefined.Fault();
        }

        var count = value switch
        {
            string text => CodePoints.Count(text),
            SequenceValue sequence => sequence.Items.Count,
            RangeValue range => range.Count,
            DictValue => throw TemplateFault.Type("unhashable type: 'slice'"),
            _ => throw TemplateFault.Type($"'{PythonType.Name(value)}' object is not subscriptable"),
        };
        var (start, stop, step) = Bounds(count, bounds);
        if (value is RangeValue numbers)
        {
            return new RangeValue(numbers.Start + (numbers.Step * start), numbers.Start + (numbers.Step * stop), numbers.Step * step);
        }

        var places = Walk(start, stop, step);
        return value is SequenceValue list
            ? new SequenceValue([.. places.Select(place => list.Items[place])], list.IsTuple)
            : CodePoints.Pick((string)value, places);
    }

    private static (int Start, int Stop, int Step) Bounds(int count, (object Start, object Stop, object Step) bounds)
    {
        var step = bounds.Step is NoneValue ? 1 : Bound(bounds.Step);
        if (step == 0)
        {
            throw TemplateFault.Value("slice step cannot be zero");
        }

        var (lowest, highest) = step > 0 ? (0, count) : (-1, count - 1);
        var start = bounds.Start is NoneValue ? (step > 0 ? lowest : highest) : Clamp(Bound(bounds.Start), count, lowest, highest);
        var stop = bounds.Stop is NoneValue ? (step > 0 ? highest : lowest) : Clamp(Bound(bounds.Stop), count, lowest, highest);
        return (start, stop, step);
    }

    private static IEnumerable<int> Walk(int start, int stop, int step)
    {
        for (long place = start; step > 0 ? place < stop : place > stop; place += step)
        {
            yield return (int)place;
        }
    }

    private static int Clamp(int bound, int count, int lowest, int highest) => Math.Clamp(bound < 0 ? bound + count : bound, lowest, highest);

    private static int Bound(object value) => value is Undefined or bool or System.Numerics.BigInteger
        ? PythonType.Index(value)
        : throw TemplateFault.Type("slice indices must be integers or None or have an __index__ method");
}
