using System.Globalization;
using System.Numerics;
using Transfuse.Tokenization.ChatTemplates.Evaluation;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Filters on numbers and on values of any kind.</summary>
internal static class ValueFilters
{
    /// <summary>The filters by name.</summary>
    internal static readonly KeyValuePair<string, FilterBody>[] All =
    [
        Filters.Define("default", "default_value boolean", Default),
        Filters.Define("d", "default_value boolean", Default),
        Filters.Define("int", "default base", (_, value, a) => ToInteger(value, a[0] ?? BigInteger.Zero, a[1] is null ? 10 : PythonType.Index(a[1]!))),
        Filters.Define("float", "default", (_, value, a) => ToFloat(value) ?? a[0] ?? 0.0),
        Filters.Define("abs", "", (_, value, _) => Absolute(value)),
        Filters.Define("round", "precision method", (_, value, a) => Round(value, a[0] is null ? 0 : PythonType.Index(a[0]!), a[1] as string ?? "common")),
        Filters.Define("tojson", "ensure_ascii indent separators sort_keys", (run, value, a) => JsonText.Write(value, JsonStyle.Of(a), run.Budget)),
        Filters.Define("attr", "name", (run, value, a) => AttributeOnly(value, PythonText.Str(a[0]!), run.Budget)),
        Filters.Define("filesizeformat", "binary", (_, value, a) => FileSize(value, a[0] is not null && PythonType.IsTrue(a[0]!))),
    ];

    private static object Default(Evaluator run, object value, object?[] arguments) =>
        value is Undefined || (arguments[1] is not null && PythonType.IsTrue(arguments[1]!) && !PythonType.IsTrue(value)) ? arguments[0] ?? string.Empty : value;

    private static object ToInteger(object value, object otherwise, int radix)
    {
        switch (value)
        {
            case bool or BigInteger:
                return PythonType.Integer(value)!.Value;
            case double real:
                return double.IsFinite(real) ? new BigInteger(Math.Truncate(real)) : otherwise;
            case Undefined undefined:
                throw undefined.Fault();
            case string text:
                return ParseInteger(text, radix) ?? (ToFloat(text) is double number && double.IsFinite(number) ? new BigInteger(Math.Truncate(number)) : otherwise);
            default:
                return otherwise;
        }
    }

    private static object? ParseInteger(string text, int radix)
    {
        var digits = PythonSpace.TrimEnd(PythonSpace.TrimStart(text)).ToString();
        var isNegative = digits.StartsWith('-');
        digits = isNegative || digits.StartsWith('+') ? digits[1..] : digits;
        var prefix = digits.Length > 1 && digits[0] == '0' ? char.ToLowerInvariant(digits[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 } : 0;
        if (prefix > 0 && (radix == prefix || radix == 0))
        {
            (digits, radix) = (digits[2..], prefix);
        }

        radix = radix == 0 ? 10 : radix;
        if (digits.Length is 0 or > 4300 || digits.StartsWith('_') || digits.EndsWith('_') || digits.Contains("__", StringComparison.Ordinal))
        {
            return null;
        }

        var number = BigInteger.Zero;
        foreach (var digit in digits.Where(digit => digit != '_'))
        {
            var place = CharUnicodeInfo.GetDecimalDigitValue(digit) is >= 0 and var decimalDigit ? decimalDigit : char.IsAsciiLetter(digit) ? char.ToLowerInvariant(digit) - 'a' + 10 : radix;
            if (place >= radix)
            {
                return null;
            }

            number = (number * radix) + place;
        }

        return isNegative ? -number : number;
    }

    private static object? ToFloat(object value) => value switch
    {
        Undefined undefined => throw undefined.Fault(),
        string text => ParseFloat(PythonSpace.TrimEnd(PythonSpace.TrimStart(text)).ToString()),
        _ => PythonType.Float(value),
    };

    private static object? ParseFloat(string text)
    {
        switch (text.TrimStart('+', '-').ToUpperInvariant())
        {
            case "INF" or "INFINITY":
                return text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            case "NAN":
                return double.NaN;
        }

        // Underscores stand between digits only.
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '_' && (i == 0 || i == text.Length - 1 || !char.IsAsciiDigit(text[i - 1]) || !char.IsAsciiDigit(text[i + 1])))
            {
                return null;
            }
        }

        return double.TryParse(text.Replace("_", string.Empty, StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static object Absolute(object value) => value switch
    {
        double number => Math.Abs(number),
        _ => PythonType.Integer(value) is { } number ? BigInteger.Abs(number) : throw TemplateFault.Type($"bad operand type for abs(): '{PythonType.Name(value)}'"),
    };

    private static object Round(object value, int precision, string method)
    {
        var number = PythonType.Float(value) ?? throw TemplateFault.Type($"type {PythonType.Name(value)} doesn't define __round__ method");
        if (method is "ceil" or "floor")
        {
            var scale = Math.Pow(10, precision);
            return (method is "ceil" ? Math.Ceiling(number * scale) : Math.Floor(number * scale)) / scale;
        }

        if (method is not "common")
        {
            throw new TemplateFault("FilterArgumentError", "method must be common, ceil or floor");
        }

        return value is double ? ExactRounding.Round(number, precision) : precision >= 0 ? value : RoundInteger(PythonType.Integer(value)!.Value, -precision);
    }

    private static object RoundInteger(BigInteger value, int zeros)
    {
        if (zeros > 4300)
        {
            return BigInteger.Zero;
        }

        var unit = BigInteger.Pow(10, zeros);
        var quotient = BigInteger.DivRem(BigInteger.Abs(value), unit, out var rest);
        var order = (rest * 2).CompareTo(unit);
        return (order > 0 || (order == 0 && !quotient.IsEven) ? quotient + 1 : quotient) * unit * value.Sign;
    }

    private static object AttributeOnly(object value, string name, RenderBudget budget) => value is DictValue or SequenceValue or string
        ? ObjectAccess.Attribute(value, name, budget) is Callable method ? method : Undefined.Attribute(value, name)
        : ObjectAccess.Attribute(value, name, budget);

    private static string FileSize(object value, bool isBinary)
    {
        var bytes = PythonType.Float(ToFloat(value) ?? 0.0)!.Value;
        var unit = isBinary ? 1024.0 : 1000.0;
        if (bytes == 1)
        {
            return "1 Byte";
        }

        if (bytes < unit)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{Math.Truncate(bytes):0} Bytes");
        }

        var names = isBinary ? "KiB MiB GiB TiB PiB EiB ZiB YiB".Split(' ') : "kB MB GB TB PB EB ZB YB".Split(' ');
        var power = 0;
        var size = bytes / unit;
        for (; size >= unit && power < names.Length - 1; power++)
        {
            size /= unit;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{size:0.0} {names[power]}");
    }
}
