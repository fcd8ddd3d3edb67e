using System.Numerics;
using Transfuse.Tokenization.ChatTemplates.Evaluation;

namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>Names and truth of values.</summary>
internal static class PythonType
{
    /// <summary>The name of a value's Python type.</summary>
    internal static string Name(object value) => value switch
    {
        NoneValue => "NoneType",
        bool => "bool",
        BigInteger => "int",
        double => "float",
        string => "str",
        MarkupValue => "Markup",
        SequenceValue sequence => sequence.IsTuple ? "tuple" : "list",
        DictValue => "dict",
        DictView view => view.TypeName,
        RangeValue => "range",
        IteratorValue => "generator",
        NamespaceValue => "Namespace",
        CycleValue => "Cycler",
        LoopValue => "LoopContext",
        Callable callable => callable.TypeName,
        _ => "Undefined",
    };

    /// <summary>Whether a value counts as true.</summary>
    internal static bool IsTrue(object value) => value switch
    {
        NoneValue or Undefined => false,
        bool flag => flag,
        BigInteger number => !number.IsZero,
        double number => number != 0,
        string text => text.Length > 0,
        MarkupValue markup => markup.Text.Length > 0,
        SequenceValue sequence => sequence.Items.Count > 0,
        DictValue dict => dict.Count > 0,
        DictView view => view.Items.Count > 0,
        RangeValue range => range.Count > 0,
        _ => true,
    };

    /// <summary>A truth value or number as a number; null for anything else.</summary>
    internal static BigInteger? Integer(object value) => value switch
    {
        bool flag => flag ? BigInteger.One : BigInteger.Zero,
        BigInteger number => number,
        _ => null,
    };

    /// <summary>Any number as a float; null for anything else.</summary>
    internal static double? Float(object value) => value is double number ? number : Integer(value) is { } integer ? RealNumbers.Of(integer) : null;

    /// <summary>A whole number that serves as an index or a count, bounded to what a list can hold.</summary>
    internal static int Index(object value)
    {
        if (value is Undefined undefined)
        {
            throw undefined.Fault();
        }

        var number = Integer(value) ?? throw TemplateFault.Type($"'{Name(value)}' object cannot be interpreted as an integer");
        return (int)BigInteger.Clamp(number, int.MinValue + 1, int.MaxValue);
    }
}
