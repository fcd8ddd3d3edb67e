using System.Numerics;
using System.Runtime.CompilerServices;

namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>Equality, order, membership and hashes as in Python.</summary>
internal static class PythonComparison
{
    /// <summary><c>left == right</c>.</summary>
    internal static bool AreEqual(object left, object right)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        (left, right) = (MarkupValue.Plain(left), MarkupValue.Plain(right));
        if (PythonType.Integer(left) is { } x && PythonType.Integer(right) is { } y)
        {
            return x == y;
        }

        return (left, right) switch
        {
            (double or bool or BigInteger, double or bool or BigInteger) => CompareNumbers(left, right) == 0,
            (string a, string b) => string.Equals(a, b, StringComparison.Ordinal),
            (SequenceValue a, SequenceValue b) => a.IsTuple == b.IsTuple && a.Items.Count == b.Items.Count && a.Items.Zip(b.Items).All(pair => AreEqual(pair.First, pair.Second)),
            (DictValue a, DictValue b) => a.Count == b.Count && a.Entries.All(entry => b.Find(entry.Key) is { } other && AreEqual(entry.Value, other)),
            (RangeValue a, RangeValue b) => a.Items().SequenceEqual(b.Items()),
            (Undefined, Undefined) => true,
            _ => ReferenceEquals(left, right),
        };
    }

    /// <summary>The sign of <c>left - right</c>.</summary>
    /// <param name="left">A value.</param>
    /// <param name="right">Another.</param>
    /// <param name="sign">The operator, for the message.</param>
    /// <exception cref="TemplateFault">The values have no order.</exception>
    internal static int Compare(object left, object right, string sign)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        (left, right) = (MarkupValue.Plain(left), MarkupValue.Plain(right));
        switch (left, right)
        {
            case (Undefined undefined, _):
                throw undefined.Fault();
            case (_, Undefined undefined):
                throw undefined.Fault();
            case (string a, string b):
                return CompareTexts(a, b);
            case (SequenceValue a, SequenceValue b) when a.IsTuple == b.IsTuple:
                foreach (var (x, y) in a.Items.Zip(b.Items))
                {
                    if (!AreEqual(x, y))
                    {
                        return Compare(x, y, sign);
                    }
                }

                return a.Items.Count.CompareTo(b.Items.Count);
            case (double or bool or BigInteger, double or bool or BigInteger):
                return CompareNumbers(left, right);
            default:
                throw TemplateFault.Type($"'{sign}' not supported between instances of '{PythonType.Name(left)}' and '{PythonType.Name(right)}'");
        }
    }

    /// <summary>Whether a comparison of two values holds; nan compares with nothing.</summary>
    internal static bool Holds(object left, string sign, object right)
    {
        if (sign is "==" or "!=")
        {
            return AreEqual(left, right) == (sign is "==");
        }

        var order = Compare(left, right, sign);
        if (left is double.NaN || right is double.NaN)
        {
            return false;
        }

        return sign switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
    }

    /// <summary><c>item in container</c>.</summary>
    internal static bool Contains(object container, object item) => ContainsPlain(MarkupValue.Plain(container), MarkupValue.Plain(item));

    /// <summary>A hash under which equal values are equal.</summary>
    /// <exception cref="TemplateFault">The value cannot be a key.</exception>
    internal static int Hash(object value) => Hash(value, level: 0);

    private static int Hash(object value, int level) => value switch
    {
        bool or BigInteger => HashOf(PythonType.Integer(value)!.Value),
        double number => Math.Floor(number) == number && double.IsFinite(number) ? HashOf(new BigInteger(number)) : number.GetHashCode(),
        string text => text.GetHashCode(StringComparison.Ordinal),
        MarkupValue markup => Hash(markup.Text),
        SequenceValue { IsTuple: true } tuple => Hash(tuple, Nesting.Enter(level)),
        SequenceValue or DictValue => throw TemplateFault.Type($"unhashable type: '{PythonType.Name(value)}'"),
        Undefined => 0,
        _ => RuntimeHelpers.GetHashCode(value),
    };

    private static bool ContainsPlain(object container, object item) => container switch
    {
        string text => item switch
        {
            string part => text.Contains(part, StringComparison.Ordinal),
            Undefined undefined => throw undefined.Fault(),
            _ => throw TemplateFault.Type($"'in <string>' requires string as left operand, not {PythonType.Name(item)}"),
        },
        DictValue dict => dict.Find(item) is not null,
        RangeValue range => PythonType.Float(item) is not null && range.Items().Any(number => AreEqual(number, item)),
        NoneValue or bool or BigInteger or double or NamespaceValue or CycleValue or Callable =>
            throw TemplateFault.Type($"argument of type '{PythonType.Name(container)}' is not iterable"),
        _ => Iteration.Items(container).Any(other => AreEqual(other, item)),
    };

    private static int Hash(SequenceValue tuple, int level) => tuple.Items.Aggregate(17, (hash, item) => HashCode.Combine(hash, Hash(item, level)));

    private static int HashOf(BigInteger number) => number.GetHashCode();

    // The order of code points: surrogate pairs lie above U+E000 to U+FFFF.
    private static int CompareTexts(string left, string right)
    {
        var length = Math.Min(left.Length, right.Length);
        for (var i = 0; i < length; i++)
        {
            if (left[i] != right[i])
            {
                return char.IsSurrogate(left[i]) == char.IsSurrogate(right[i]) ? left[i].CompareTo(right[i]) : char.IsSurrogate(left[i]) ? 1 : -1;
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    private static int CompareNumbers(object left, object right)
    {
        if (PythonType.Integer(left) is { } x && PythonType.Integer(right) is { } y)
        {
            return x.CompareTo(y);
        }

        var a = PythonType.Float(left)!.Value;
        var b = PythonType.Float(right)!.Value;
        // nan is equal to nothing.
        return double.IsNaN(a) || double.IsNaN(b) ? 1 : a.CompareTo(b);
    }
}
