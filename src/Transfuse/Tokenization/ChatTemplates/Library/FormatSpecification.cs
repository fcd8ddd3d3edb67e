using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using Transfuse.Tokenization.ChatTemplates.Evaluation;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>How a value is written into a format: Python's mini-language <c>[[fill]align][sign][#][0][width][,][.precision][type]</c>.</summary>
/// <param name="Fill">What fills up to the width.</param>
/// <param name="Align">&lt;, &gt;, ^, = or '\0' for the value's own side.</param>
/// <param name="Sign">+, space or -.</param>
/// <param name="IsAlternate">Whether numbers tell their base.</param>
/// <param name="Width">Least width.</param>
/// <param name="Grouping">Separator of thousands, or '\0'.</param>
/// <param name="Precision">Digits or characters, or -1.</param>
/// <param name="Type">Kind of form, or '\0'.</param>
internal sealed partial record FormatSpecification(char Fill, char Align, char Sign, bool IsAlternate, int Width, char Grouping, int Precision, char Type)
{
    private const int MaxPrecision = 1000;

    /// <summary>Reads the mini-language.</summary>
    internal static FormatSpecification Parse(string text)
    {
        var match = Form().Match(text);
        if (!match.Success)
        {
            throw TemplateFault.Value("Invalid format specifier");
        }

        char Character(string group) => match.Groups[group].Value is { Length: > 0 } value ? value[0] : '\0';
        int Number(string group) => match.Groups[group].Value is { Length: > 0 } value
            ? int.TryParse(value, CultureInfo.InvariantCulture, out var number) ? number : throw TemplateFault.Value("Too many decimal digits in format string")
            : -1;
        var hasZero = match.Groups["zero"].Length > 0;
        return new FormatSpecification(
            match.Groups["fill"].Length > 0 ? Character("fill") : hasZero ? '0' : ' ',
            match.Groups["align"].Length > 0 ? Character("align") : hasZero ? '=' : '\0',
            match.Groups["sign"].Length > 0 ? Character("sign") : '-',
            match.Groups["alternate"].Length > 0, Math.Max(0, Number("width")), Character("grouping"), Number("precision"), Character("type"));
    }

    /// <summary>The value in this form.</summary>
    internal string Apply(object value, RenderBudget budget)
    {
        if (Precision > MaxPrecision)
        {
            throw new TemplateFault("LimitError", $"a format with {Precision} digits; at most {MaxPrecision} are written");
        }

        budget.Size(Width);
        return value switch
        {
            double number => Justify(NumberText(number), '>'),
            bool when Type == '\0' => Justify(PythonText.Str(value), '<'),
            bool or BigInteger when Type is '\0' or 'd' or 'x' or 'X' or 'o' or 'b' or 'c' or 'n' => Justify(IntegerText(PythonType.Integer(value)!.Value), '>'),
            bool or BigInteger => Justify(NumberText(PythonType.Float(value)!.Value), '>'),
            string text when Type is '\0' or 's' => Justify(Precision >= 0 ? text[..CodePoints.Unit(text, Precision)] : text, '<'),
            _ when this == new FormatSpecification(' ', '\0', '-', IsAlternate: false, 0, '\0', -1, '\0') => PythonText.Str(value),
            _ => throw TemplateFault.Value($"Unknown format code '{Type}' for object of type '{PythonType.Name(value)}'"),
        };
    }

    private string IntegerText(BigInteger number)
    {
        if (Type == 'c')
        {
            return number >= 0 && number < 0x110000 && (number < 0xD800 || number > 0xDFFF)
                ? char.ConvertFromUtf32((int)number)
                : throw new TemplateFault("OverflowError", "%c arg not in range(0x110000)");
        }

        var magnitude = BigInteger.Abs(number);
        var digits = Type switch
        {
            'x' => InBase(magnitude, 16),
            'X' => InBase(magnitude, 16).ToUpperInvariant(),
            'o' => InBase(magnitude, 8),
            'b' => InBase(magnitude, 2),
            _ => magnitude.ToString(CultureInfo.InvariantCulture),
        };
        var prefix = IsAlternate && Type is 'x' or 'X' or 'o' or 'b' ? $"0{Type}" : string.Empty;
        return SignOf(number.Sign < 0) + prefix + Grouped(digits, Type is 'x' or 'X' or 'o' or 'b' ? 4 : 3);
    }

    private string NumberText(double number)
    {
        var magnitude = Math.Abs(number);
        var digits = double.IsFinite(number) ? FloatDigits(magnitude) : PythonText.Repr(magnitude);
        digits = Type is 'F' or 'E' or 'G' ? digits.ToUpperInvariant() : digits;
        return SignOf(double.IsNegative(number)) + Grouped(digits, 3) + (Type == '%' ? "%" : string.Empty);
    }

    private string FloatDigits(double magnitude) => Type switch
    {
        'f' or 'F' => Fixed(magnitude, Precision < 0 ? 6 : Precision),
        '%' => Fixed(magnitude * 100, Precision < 0 ? 6 : Precision),
        'e' or 'E' => Scientific(magnitude, Precision < 0 ? 6 : Precision),
        'g' or 'G' or 'n' => General(magnitude, Precision < 0 ? 6 : Math.Max(Precision, 1), keepsFraction: false),
        '\0' => Precision < 0 ? PythonText.Repr(magnitude) : General(magnitude, Math.Max(Precision, 1), keepsFraction: true),
        _ => throw TemplateFault.Value($"Unknown format code '{Type}' for object of type 'float'"),
    };

    private static string Fixed(double magnitude, int digits) => magnitude.ToString($"F{digits}", CultureInfo.InvariantCulture);

    private static string Scientific(double magnitude, int digits)
    {
        var text = magnitude.ToString($"e{digits}", CultureInfo.InvariantCulture);
        var mark = text.IndexOf('e', StringComparison.Ordinal);
        var exponent = int.Parse(text[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{text[..mark]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }

    private static string General(double magnitude, int digits, bool keepsFraction)
    {
        var scientific = Scientific(magnitude, digits - 1);
        var mark = scientific.IndexOf('e', StringComparison.Ordinal);
        var exponent = int.Parse(scientific[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (exponent < -4 || exponent >= (keepsFraction ? Math.Max(digits - 1, 1) : digits))
        {
            return Trimmed(scientific[..mark]) + scientific[mark..];
        }

        var text = Trimmed(Fixed(magnitude, Math.Max(0, digits - 1 - exponent)));
        return keepsFraction && !text.Contains('.', StringComparison.Ordinal) ? text + ".0" : text;
    }

    private static string Trimmed(string digits) => digits.Contains('.', StringComparison.Ordinal) ? digits.TrimEnd('0').TrimEnd('.') : digits;

    private string SignOf(bool isNegative) => isNegative ? "-" : Sign == '-' ? string.Empty : Sign.ToString();

    private string Grouped(string digits, int size)
    {
        if (Grouping == '\0')
        {
            return digits;
        }

        var whole = digits.TakeWhile(char.IsAsciiHexDigit).Count();
        var grouped = digits;
        for (var at = whole - size; at > 0; at -= size)
        {
            grouped = grouped.Insert(at, Grouping.ToString());
        }

        return grouped;
    }

    private string Justify(string text, char side)
    {
        var missing = Width - CodePoints.Count(text);
        if (missing <= 0)
        {
            return text;
        }

        switch (Align == '\0' ? side : Align)
        {
            case '<':
                return text + new string(Fill, missing);
            case '^':
                return new string(Fill, missing / 2) + text + new string(Fill, missing - (missing / 2));
            case '=':
                var sign = text.Length > 0 && text[0] is '-' or '+' or ' ' ? 1 : 0;
                return text[..sign] + new string(Fill, missing) + text[sign..];
            default:
                return new string(Fill, missing) + text;
        }
    }

    private static string InBase(BigInteger number, int radix)
    {
        if (number.IsZero)
        {
            return "0";
        }

        var digits = new Stack<char>();
        for (; !number.IsZero; number /= radix)
        {
            digits.Push("0123456789abcdef"[(int)(number % radix)]);
        }

        return string.Concat(digits);
    }

    [GeneratedRegex(
        @"\A(?:(?<fill>.)?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<alternate>\#)?(?<zero>0)?(?<width>[0-9]+)?(?<grouping>[,_])?(?:\.(?<precision>[0-9]+))?(?<type>[a-zA-Z%])?\z",
        RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();
}
