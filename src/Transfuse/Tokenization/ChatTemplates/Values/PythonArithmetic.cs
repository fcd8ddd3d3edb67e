using System.Numerics;
using Transfuse.Tokenization.ChatTemplates.Evaluation;
using Transfuse.Tokenization.ChatTemplates.Library;

namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>Python's arithmetic: whole numbers without bounds, division that floors, texts and lists that add and repeat.</summary>
internal static class PythonArithmetic
{
    private const long MaxBits = 16_384;

    /// <summary>The value of a binary operator.</summary>
    /// <exception cref="TemplateFault">The operator does not take such values.</exception>
    internal static object Apply(string sign, object left, object right, RenderBudget budget)
    {
        if (left is MarkupValue || right is MarkupValue)
        {
            return WithMarkup(sign, left, right, budget);
        }

        if (sign is "%" && left is string format)
        {
            return budget.Sized(PercentFormat.Apply(format, right, budget));
        }

        if ((left as Undefined ?? right as Undefined) is { } undefined)
        {
            throw undefined.Fault();
        }

        if (PythonType.Float(left) is not null && PythonType.Float(right) is not null)
        {
            return PythonType.Integer(left) is { } x && PythonType.Integer(right) is { } y
                ? Integers(sign, x, y, budget)
                : Floats(sign, PythonType.Float(left)!.Value, PythonType.Float(right)!.Value);
        }

        return Sequences(sign, left, right, budget) ?? throw Unsupported(sign, left, right);
    }

    /// <summary>The value of a sign before a number.</summary>
    internal static object Signed(string sign, object value) => value switch
    {
        Undefined undefined => throw undefined.Fault(),
        double number => sign is "-" ? -number : number,
        bool or BigInteger => sign is "-" ? -PythonType.Integer(value)!.Value : PythonType.Integer(value)!.Value,
        _ => throw TemplateFault.Type($"bad operand type for unary {sign}: '{PythonType.Name(value)}'"),
    };

    // Text beside markup becomes markup, so it is escaped.
    private static object WithMarkup(string sign, object left, object right, RenderBudget budget) => (sign, left, right) switch
    {
        ("+", string or MarkupValue, string or MarkupValue) => new MarkupValue((string)Apply(sign, MarkupValue.Of(left).Text, MarkupValue.Of(right).Text, budget)),
        ("%", MarkupValue format, SequenceValue { IsTuple: true } values) => new MarkupValue((string)Apply(sign, format.Text, values with { Items = [.. values.Items.Select(EscapedText)] }, budget)),
        ("%", MarkupValue format, _) => new MarkupValue((string)Apply(sign, format.Text, EscapedText(right), budget)),
        _ => MarkupValue.Mark(Apply(sign, MarkupValue.Plain(left), MarkupValue.Plain(right), budget)),
    };

    private static object EscapedText(object value) => value is string or MarkupValue ? MarkupValue.Of(value).Text : value;

    private static object Integers(string sign, BigInteger left, BigInteger right, RenderBudget budget)
    {
        switch (sign)
        {
            case "+":
                return left + right;
            case "-":
                return left - right;
            case "*":
                return Bounded(left.GetBitLength() + right.GetBitLength(), budget, () => left * right);
            case "**" when right.Sign < 0:
                return Floats(sign, RealNumbers.Of(left), RealNumbers.Of(right));
            case "**":
                var bits = BigInteger.Abs(left) <= 1 ? BigInteger.One : right * left.GetBitLength();
                return Bounded((long)BigInteger.Min(bits, long.MaxValue), budget, () => BigInteger.Pow(left, (int)BigInteger.Min(right, int.MaxValue - (right.IsEven ? 1 : 0))));
        }

        if (right.IsZero)
        {
            throw new TemplateFault("ZeroDivisionError", sign switch { "/" => "division by zero", "//" => "integer division or modulo by zero", _ => "integer modulo by zero" });
        }

        if (sign is "/")
        {
            return RealNumbers.Divide(left, right);
        }

        var quotient = BigInteger.DivRem(left, right, out var remainder);
        var floors = !remainder.IsZero && remainder.Sign != right.Sign;
        return sign is "//" ? floors ? quotient - 1 : quotient : floors ? remainder + right : remainder;
    }

    private static object Bounded(long bits, RenderBudget budget, Func<BigInteger> value)
    {
        if (bits > MaxBits)
        {
            throw new TemplateFault("LimitError", $"a whole number of more than {MaxBits} bits");
        }

        budget.Step(1 + (bits / 64));
        return value();
    }

    private static object Floats(string sign, double left, double right)
    {
        switch (sign)
        {
            case "+":
                return left + right;
            case "-":
                return left - right;
            case "*":
                return left * right;
            case "**" when left == 0 && right < 0:
                throw new TemplateFault("ZeroDivisionError", "0.0 cannot be raised to a negative power");
            case "**":
                return Math.Pow(left, right);
        }

        if (right == 0)
        {
            throw new TemplateFault("ZeroDivisionError", sign switch { "/" => "float division by zero", "//" => "float floor division by zero", _ => "float modulo" });
        }

        if (sign is "/")
        {
            return left / right;
        }

        var remainder = left % right;
        if (remainder != 0 && (remainder < 0) != (right < 0))
        {
            remainder += right;
        }

        return sign is "%" ? remainder : Math.Round((left - remainder) / right);
    }

    private static object? Sequences(string sign, object left, object right, RenderBudget budget)
    {
        switch (sign, left, right)
        {
            case ("+", string a, string b):
                budget.Size((long)a.Length + b.Length);
                return a + b;
            case ("+", SequenceValue a, SequenceValue b) when a.IsTuple == b.IsTuple:
                budget.Size((long)a.Items.Count + b.Items.Count);
                return new SequenceValue([.. a.Items, .. b.Items], a.IsTuple);
            case ("*", string or SequenceValue, bool or BigInteger):
                return Repeat(left, PythonType.Index(right), budget);
            case ("*", bool or BigInteger, string or SequenceValue):
                return Repeat(right, PythonType.Index(left), budget);
            default:
                return null;
        }
    }

    private static object Repeat(object value, int count, RenderBudget budget)
    {
        count = Math.Max(count, 0);
        if (value is string text)
        {
            budget.Size((long)text.Length * count);
            return text.Length == 0 ? text : string.Concat(Enumerable.Repeat(text, count));
        }

        var sequence = (SequenceValue)value;
        budget.Size((long)sequence.Items.Count * count);
        return sequence.Items.Count == 0 ? sequence : new SequenceValue([.. Enumerable.Repeat(sequence.Items, count).SelectMany(items => items)], sequence.IsTuple);
    }

    private static TemplateFault Unsupported(string sign, object left, object right) => TemplateFault.Type((sign, left) switch
    {
        ("+", string) => $"can only concatenate str (not \"{PythonType.Name(right)}\") to str",
        ("+", SequenceValue a) => $"can only concatenate {PythonType.Name(a)} (not \"{PythonType.Name(right)}\") to {PythonType.Name(a)}",
        ("*", string or SequenceValue) => $"can't multiply sequence by non-int of type '{PythonType.Name(right)}'",
        ("**", _) => $"unsupported operand type(s) for ** or pow(): '{PythonType.Name(left)}' and '{PythonType.Name(right)}'",
        _ => $"unsupported operand type(s) for {sign}: '{PythonType.Name(left)}' and '{PythonType.Name(right)}'",
    });
}
