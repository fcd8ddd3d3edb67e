using System.Globalization;
using System.Numerics;
using System.Text;
using Transfuse.Tokenization.ChatTemplates.Evaluation;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Python's <c>format % values</c>.</summary>
internal sealed class PercentFormat
{
    private readonly string _format;
    private readonly object _values;
    private readonly IReadOnlyList<object> _items;
    private readonly RenderBudget _budget;
    private readonly StringBuilder _text = new();
    private int _position;
    private int _used;

    private PercentFormat(string format, object values, RenderBudget budget)
    {
        _format = format;
        _values = values;
        _items = values is SequenceValue { IsTuple: true } tuple ? tuple.Items : [values];
        _budget = budget;
    }

    /// <summary>The format with its values.</summary>
    /// <param name="format">The format.</param>
    /// <param name="values">A tuple of values, a dict for named ones, or one value.</param>
    /// <param name="budget">What the run may do.</param>
    internal static string Apply(string format, object values, RenderBudget budget)
    {
        var run = new PercentFormat(format, values, budget);
        run.Write();
        return run._text.ToString();
    }

    private void Write()
    {
        while (_position < _format.Length)
        {
            var mark = _format.IndexOf('%', _position);
            _text.Append(_format, _position, (mark < 0 ? _format.Length : mark) - _position);
            if (mark < 0)
            {
                break;
            }

            _position = mark + 1;
            WriteValue();
            _budget.Size(_text.Length, 1);
        }

        if (_used < _items.Count && _values is not (DictValue or SequenceValue { IsTuple: false }))
        {
            throw TemplateFault.Type("not all arguments converted during string formatting");
        }
    }

    private void WriteValue()
    {
        if (Peek() == '%')
        {
            _position++;
            _text.Append('%');
            return;
        }

        var named = Peek() == '(' ? Named() : null;
        var flags = Take(character => "-+ #0".Contains(character, StringComparison.Ordinal));
        var width = Number();
        var precision = -1;
        if (Peek() == '.')
        {
            _position++;
            precision = Number() ?? 0;
        }

        var type = Peek();
        _position++;
        var isLeft = flags.Contains('-', StringComparison.Ordinal) || width < 0;
        var isNumber = type is 'd' or 'i' or 'u' or 'x' or 'X' or 'o' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G';
        var hasZero = isNumber && !isLeft && flags.Contains('0', StringComparison.Ordinal);
        var specification = new FormatSpecification(
            hasZero ? '0' : ' ', isLeft ? '<' : hasZero ? '=' : '>', flags.Contains('+', StringComparison.Ordinal) ? '+' : flags.Contains(' ', StringComparison.Ordinal) ? ' ' : '-',
            flags.Contains('#', StringComparison.Ordinal), Math.Abs(width ?? 0), '\0', isNumber && type is 'd' or 'i' or 'u' ? -1 : precision, type is 'i' or 'u' ? 'd' : type);
        _text.Append(Convert(type, named ?? Next(), specification));
    }

    private string Convert(char type, object value, FormatSpecification specification)
    {
        switch (type)
        {
            case 's' or 'r' or 'a':
                return (specification with { Type = 's' }).Apply(type == 's' ? PythonText.Str(value) : PythonText.Repr(value), _budget);
            case 'c' when value is string text && CodePoints.Count(text) == 1:
                return (specification with { Type = 's', Precision = -1 }).Apply(text, _budget);
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o' or 'c':
                return value is bool or BigInteger or double && (value is not double || type is 'd' or 'i' or 'u')
                    ? specification.Apply(value is double number ? Whole(number) : value, _budget)
                    : throw TemplateFault.Type($"%{type} format: {(type is 'x' or 'X' or 'o' ? "an integer" : "a real number")} is required, not {PythonType.Name(value)}");
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                return PythonType.Float(value) is { } real
                    ? specification.Apply(real, _budget)
                    : throw TemplateFault.Type($"must be real number, not {PythonType.Name(value)}");
            default:
                throw TemplateFault.Value($"unsupported format character '{type}' (0x{(int)type:x}) at index {_position - 1}");
        }
    }

    private static BigInteger Whole(double number) => double.IsFinite(number)
        ? new BigInteger(Math.Truncate(number))
        : throw (double.IsNaN(number) ? TemplateFault.Value("cannot convert float NaN to integer") : new TemplateFault("OverflowError", "cannot convert float infinity to integer"));

    private char Peek() => _position < _format.Length ? _format[_position] : throw TemplateFault.Value("incomplete format");

    private string Take(Func<char, bool> belongs)
    {
        var start = _position;
        while (_position < _format.Length && belongs(_format[_position]))
        {
            _position++;
        }

        return _format[start.._position];
    }

    private int? Number()
    {
        if (Peek() == '*')
        {
            _position++;
            return PythonType.Index(Next());
        }

        var digits = Take(char.IsAsciiDigit);
        return digits.Length == 0 ? null
            : int.TryParse(digits, CultureInfo.InvariantCulture, out var number) ? number : throw TemplateFault.Value("width too big");
    }

    private object Named()
    {
        var end = _format.IndexOf(')', _position);
        if (end < 0)
        {
            throw TemplateFault.Value("incomplete format key");
        }

        var key = _format[(_position + 1)..end];
        _position = end + 1;
        var dict = _values as DictValue ?? throw TemplateFault.Type("format requires a mapping");
        return dict.Find(key) ?? throw new TemplateFault("KeyError", PythonText.Repr(key));
    }

    private object Next() => _used < _items.Count ? _items[_used++] : throw TemplateFault.Type("not enough arguments for format string");
}
