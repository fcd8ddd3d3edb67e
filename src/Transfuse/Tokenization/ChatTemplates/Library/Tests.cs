using System.Collections.Frozen;
using System.Numerics;
using Transfuse.Tokenization.ChatTemplates.Evaluation;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Applies a test to a value.</summary>
internal delegate bool TestBody(object value, Arguments arguments);

/// <summary>The tests that a template can name after <c>is</c>: Jinja's.</summary>
internal static class Tests
{
    /// <summary>The tests by name.</summary>
    internal static readonly FrozenDictionary<string, TestBody> All = Entries().ToFrozenDictionary(StringComparer.Ordinal);

    private static IEnumerable<KeyValuePair<string, TestBody>> Entries() =>
    [
        OfValue("defined", value => value is not Undefined),
        OfValue("undefined", value => value is Undefined),
        OfValue("none", value => value is NoneValue),
        OfValue("boolean", value => value is bool),
        OfValue("true", value => value is true),
        OfValue("false", value => value is false),
        OfValue("integer", value => value is BigInteger),
        OfValue("float", value => value is double),
        OfValue("number", value => value is bool or BigInteger or double),
        OfValue("string", value => value is string),
        OfValue("mapping", value => value is DictValue),
        OfValue("sequence", value => value is string or SequenceValue or DictValue or RangeValue or Undefined),
        OfValue("iterable", value => Iteration.TryItems(value) is not null || value is LoopValue),
        OfValue("callable", value => value is Callable or Undefined or LoopValue),
        new("escaped", (value, _) => value is MarkupValue),
        OfValue("upper", value => IsCase(PythonText.Str(value), PythonCase.ToUpper)),
        OfValue("lower", value => IsCase(PythonText.Str(value), PythonCase.ToLower)),
        OfValue("filter", value => value is string name && Filters.All.ContainsKey(name)),
        OfValue("test", value => value is string name && All.ContainsKey(name)),
        OfValue("even", value => IsMultiple(value, 2, 0)),
        OfValue("odd", value => IsMultiple(value, 2, 1)),
        OfPair("divisibleby", (value, divisor) => PythonArithmetic.Apply("%", value, divisor, NoBudget()) is var rest && PythonComparison.AreEqual(rest, BigInteger.Zero)),
        OfPair("sameas", IsSame),
        OfPair("in", (value, container) => PythonComparison.Contains(container, value)),
        .. Comparisons("==", "eq", "equalto"),
        .. Comparisons("!=", "ne"),
        .. Comparisons("<", "lt", "lessthan"),
        .. Comparisons("<=", "le"),
        .. Comparisons(">", "gt", "greaterthan"),
        .. Comparisons(">=", "ge"),
    ];

    private static KeyValuePair<string, TestBody> OfValue(string name, Func<object, bool> test) => new(name, (value, arguments) =>
    {
        arguments.Bind($"test_{name}", []);
        return test(MarkupValue.Plain(value));
    });

    private static KeyValuePair<string, TestBody> OfPair(string name, Func<object, object, bool> test) => new(name, (value, arguments) =>
        test(value, arguments.Bind($"test_{name}", ["other"])[0] ?? throw TemplateFault.Type($"test_{name}() missing 1 required positional argument")));

    private static IEnumerable<KeyValuePair<string, TestBody>> Comparisons(string sign, params string[] names) =>
        names.Append(sign).Select(name => OfPair(name, (left, right) => PythonComparison.Holds(left, sign, right)));

    private static bool IsMultiple(object value, int divisor, int rest) =>
        PythonComparison.AreEqual(PythonArithmetic.Apply("%", value, new BigInteger(divisor), NoBudget()), new BigInteger(rest));

    // The rest of a division is no larger than what is divided.
    private static RenderBudget NoBudget() => new(new ChatTemplateLimits(), CancellationToken.None);

    private static bool IsCase(string text, Func<string, string> map) =>
        CodePoints.Split(text).Any(PythonCase.IsCased) && string.Equals(map(text), text, StringComparison.Ordinal);

    // Small values are one object each in Python.
    private static bool IsSame(object left, object right) => ReferenceEquals(left, right)
        || (left.GetType() == right.GetType() && left is bool or BigInteger or string && PythonComparison.AreEqual(left, right));
}
