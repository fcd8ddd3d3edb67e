using System.Globalization;
using System.Numerics;
using System.Text;

namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>Values as text: Python's <c>str()</c> and <c>repr()</c>.</summary>
internal static class PythonText
{
    /// <summary>Python's <c>str()</c>: what <c>{{ value }}</c> prints.</summary>
    internal static string Str(object value) => value switch { string text => text, MarkupValue markup => markup.Text, Undefined => string.Empty, _ => Repr(value) };

    /// <summary>Python's <c>repr()</c>: how a value looks inside a list.</summary>
    internal static string Repr(object value)
    {
        var text = new StringBuilder();
        Append(text, value, level: 0);
        return text.ToString();
    }

    /// <summary>A number with the fewest digits that read back as it, exponent from 1e16 up and below 1e-4.</summary>
    internal static string Repr(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        var (isNegative, digits, exponent) = Digits(value);
        var text = new StringBuilder(isNegative ? "-" : string.Empty);
        if (exponent is >= -4 and < 16)
        {
            return (exponent < 0
                ? text.Append("0.").Append('0', -exponent - 1).Append(digits)
                : digits.Length <= exponent + 1
                    ? text.Append(digits).Append('0', exponent + 1 - digits.Length).Append(".0")
                    : text.Append(digits, 0, exponent + 1).Append('.').Append(digits, exponent + 1, digits.Length - exponent - 1)).ToString();
        }

        text.Append(digits[0]);
        if (digits.Length > 1)
        {
            text.Append('.').Append(digits, 1, digits.Length - 1);
        }

        return text.Append(CultureInfo.InvariantCulture, $"e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}").ToString();
    }

    // value = d.ddd · 10^exponent, from .NET's shortest form, which is 0.00012, 120 or 1.2E-05.
    private static (bool IsNegative, string Digits, int Exponent) Digits(double value)
    {
        var shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        var mark = shortest.IndexOf('E', StringComparison.Ordinal);
        var mantissa = mark < 0 ? shortest : shortest[..mark];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? mantissa : mantissa[..point];
        var digits = mantissa.Replace(".", string.Empty, StringComparison.Ordinal).TrimStart('0');
        var exponent = whole.TrimStart('0') is { Length: > 0 } leading ? leading.Length - 1 : digits.Length - (mantissa.Length - point);
        exponent += mark < 0 ? 0 : int.Parse(shortest[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        digits = digits.TrimEnd('0');
        return digits.Length == 0 ? (double.IsNegative(value), "0", 0) : (double.IsNegative(value), digits, exponent);
    }

    private static void Append(StringBuilder text, object value, int level)
    {
        level = Nesting.Enter(level);
        switch (value)
        {
            case string literal:
                AppendLiteral(text, literal);
                break;
            case MarkupValue markup:
                AppendLiteral(text.Append("Markup("), markup.Text);
                text.Append(')');
                break;
            case SequenceValue sequence:
                AppendItems(text, sequence.IsTuple ? '(' : '[', sequence.Items, sequence.IsTuple ? sequence.Items.Count == 1 ? ",)" : ")" : "]", level);
                break;
            case DictValue dict:
                AppendDict(text, dict, level);
                break;
            case DictView view:
                AppendItems(text.Append(view.TypeName).Append('('), '[', view.Items, "])", level);
                break;
            case NamespaceValue names:
                AppendDict(text.Append("<Namespace "), names.Attributes, level);
                text.Append('>');
                break;
            default:
                text.Append(Simple(value));
                break;
        }
    }

    private static string Simple(object value) => value switch
    {
        NoneValue => "None",
        bool flag => flag ? "True" : "False",
        BigInteger number => number.ToString(CultureInfo.InvariantCulture),
        double number => Repr(number),
        RangeValue range => string.Create(CultureInfo.InvariantCulture, $"range({range.Start}, {range.Stop}{(range.Step.IsOne ? string.Empty : $", {range.Step}")})"),
        Undefined => "Undefined",
        Callable callable => $"<{callable.TypeName} {callable.Name}>",
        _ => $"<{PythonType.Name(value)} object>",
    };

    private static void AppendItems(StringBuilder text, char opening, IReadOnlyList<object> items, string closing, int level)
    {
        text.Append(opening);
        for (var i = 0; i < items.Count; i++)
        {
            Append(text.Append(i > 0 ? ", " : string.Empty), items[i], level);
        }

        text.Append(closing);
    }

    private static void AppendDict(StringBuilder text, DictValue dict, int level)
    {
        var separator = "{";
        foreach (var (key, item) in dict.Entries)
        {
            Append(text.Append(separator), key, level);
            Append(text.Append(": "), item, level);
            separator = ", ";
        }

        text.Append(dict.Count == 0 ? "{}" : "}");
    }

    private static void AppendLiteral(StringBuilder text, string literal)
    {
        var quote = literal.Contains('\'', StringComparison.Ordinal) && !literal.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        text.Append(quote);
        foreach (var point in CodePoints.Split(literal))
        {
            AppendCharacter(text, point, quote);
        }

        text.Append(quote);
    }

    private static void AppendCharacter(StringBuilder text, string point, char quote)
    {
        var code = point.Length == 2 ? char.ConvertToUtf32(point[0], point[1]) : point[0];
        if (code == quote || code == '\\')
        {
            text.Append('\\').Append(point);
        }
        else if (code is '\n' or '\r' or '\t')
        {
            text.Append(code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t");
        }
        else if (code == ' ' || IsPrintable(code))
        {
            text.Append(point);
        }
        else
        {
            text.Append(code < 0x100 ? "\\x" : code < 0x10000 ? "\\u" : "\\U")
                .Append(code.ToString(code < 0x100 ? "x2" : code < 0x10000 ? "x4" : "x8", CultureInfo.InvariantCulture));
        }
    }

    private static bool IsPrintable(int code) => CharUnicodeInfo.GetUnicodeCategory(code) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
