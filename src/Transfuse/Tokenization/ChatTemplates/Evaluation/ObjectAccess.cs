using System.Numerics;
using Transfuse.Tokenization.ChatTemplates.Library;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Evaluation;

/// <summary><c>value.name</c> and <c>value[key]</c> as the sandbox allows them: an attribute falls back to an item and the other way round.</summary>
internal static class ObjectAccess
{
    /// <summary><c>value.name</c>: an attribute or method, else an item.</summary>
    internal static object Attribute(object value, string name, RenderBudget budget) => value is Undefined undefined
        ? throw undefined.Fault()
        : value is MarkupValue markup ? Marked(Attribute(markup.Text, name, budget))
        : FindAttribute(value, name, budget) ?? FindItem(value, name) ?? Undefined.Attribute(value, name);

    /// <summary><c>value[key]</c>: an item, else an attribute or method.</summary>
    internal static object Item(object value, object key, RenderBudget budget)
    {
        if (value is Undefined undefined)
        {
            throw undefined.Fault();
        }

        if (value is MarkupValue markup)
        {
            return Marked(Item(markup.Text, key, budget));
        }

        key = MarkupValue.Plain(key);
        return FindItem(value, key) ?? (key is string name ? FindAttribute(value, name, budget) : null) ?? Undefined.Item(value, key);
    }

    /// <summary>Follows names and numbers with dots between them, as filters such as <c>map</c> do.</summary>
    internal static object Path(object value, object path, RenderBudget budget)
    {
        if (path is not string text)
        {
            return Item(value, path, budget);
        }

        foreach (var part in text.Split('.'))
        {
            value = Item(value, part.Length > 0 && part.All(char.IsAsciiDigit) ? BigInteger.Parse(part, System.Globalization.CultureInfo.InvariantCulture) : part, budget);
        }

        return value;
    }

    // What a method of marked text returns is marked.
    private static object Marked(object found) => found is Callable method
        ? new Callable(method.TypeName, method.Name, arguments => MarkupValue.Mark(method.Call(arguments)))
        : MarkupValue.Mark(found);

    private static object? FindItem(object value, object key)
    {
        switch (value)
        {
            case DictValue dict:
                return key is DictValue or SequenceValue { IsTuple: false } ? null : dict.Find(key);
            case string text when PythonType.Integer(key) is { } number:
                return At(number, CodePoints.Count(text)) is { } place ? CodePoints.Pick(text, [place]) : null;
            case SequenceValue sequence when PythonType.Integer(key) is { } number:
                return At(number, sequence.Items.Count) is { } index ? sequence.Items[index] : null;
            case RangeValue range when PythonType.Integer(key) is { } number:
                return At(number, range.Count) is { } position ? range.At(position) : null;
            default:
                return null;
        }
    }

    private static int? At(BigInteger index, int count)
    {
        var place = index.Sign < 0 ? index + count : index;
        return place.Sign >= 0 && place < count ? (int)place : null;
    }

    private static object? FindAttribute(object value, string name, RenderBudget budget)
    {
        if (name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal))
        {
            return Undefined.Unsafe(value, name);
        }

        return value switch
        {
            string text => TextMethods.Find(text, name, budget),
            DictValue dict => DictMethods.Find(dict, name),
            SequenceValue sequence => SequenceMethods.Find(sequence, name),
            NamespaceValue names => names.Attributes.Find(name) is { } found ? name.StartsWith('_') ? Undefined.Unsafe(value, name) : found : null,
            LoopValue loop => loop.Attribute(name),
            CycleValue cycle => CycleMethod(cycle, name),
            BigInteger or bool => NumberAttribute(PythonType.Integer(value)!.Value, name),
            double number when name is "is_integer" => new Callable("method", name, _ => Math.Floor(number) == number),
            Callable { TypeName: "macro" } macro when name is "name" => macro.Name,
            _ => null,
        };
    }

    private static object? CycleMethod(CycleValue cycle, string name) => name switch
    {
        "current" => cycle.Current,
        "next" => new Callable("method", name, _ => cycle.Next()),
        "reset" => new Callable("method", name, _ =>
        {
            cycle.Reset();
            return NoneValue.Value;
        }),
        _ => null,
    };

    private static object? NumberAttribute(BigInteger number, string name) => name switch
    {
        "real" or "numerator" => number,
        "imag" => BigInteger.Zero,
        "denominator" => BigInteger.One,
        "bit_length" => new Callable("method", name, _ => new BigInteger(BigInteger.Abs(number).GetBitLength())),
        "is_integer" => new Callable("method", name, _ => true),
        _ => null,
    };
}
