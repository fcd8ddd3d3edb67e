using System.Globalization;
using System.Numerics;
using System.Text;
using Transfuse.Tokenization.ChatTemplates.Evaluation;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Python's <c>format.format(values)</c>, with attributes as the sandbox allows them.</summary>
internal sealed class BraceFormat
{
    private readonly Arguments _arguments;
    private readonly RenderBudget _budget;
    private int _automatic;

    private BraceFormat(Arguments arguments, RenderBudget budget)
    {
        _arguments = arguments;
        _budget = budget;
    }

    /// <summary>The format with its values.</summary>
    internal static string Apply(string format, Arguments arguments, RenderBudget budget) => new BraceFormat(arguments, budget).Write(format, depth: 0);

    private string Write(string format, int depth)
    {
        if (depth > 1)
        {
            throw TemplateFault.Value("Max string recursion exceeded");
        }

        var text = new StringBuilder();
        for (var at = 0; at < format.Length; at++)
        {
            var character = format[at];
            if (character is '{' or '}' && at + 1 < format.Length && format[at + 1] == character)
            {
                text.Append(character);
                at++;
            }
            else if (character == '{')
            {
                var end = FieldEnd(format, at + 1);
                text.Append(Field(format[(at + 1)..end], depth));
                at = end;
            }
            else
            {
                text.Append(character == '}' ? throw TemplateFault.Value("Single '}' encountered in format string") : character);
            }

            _budget.Size(text.Length, 1);
        }

        return text.ToString();
    }

    private static int FieldEnd(string format, int start)
    {
        var open = 1;
        for (var at = start; at < format.Length; at++)
        {
            open += format[at] switch { '{' => 1, '}' => -1, _ => 0 };
            if (open == 0)
            {
                return at;
            }
        }

        throw TemplateFault.Value("Single '{' encountered in format string");
    }

    private string Field(string field, int depth)
    {
        var colon = field.IndexOf(':', StringComparison.Ordinal);
        var specification = colon < 0 ? string.Empty : Write(field[(colon + 1)..], depth + 1);
        var name = colon < 0 ? field : field[..colon];
        var mark = name.IndexOf('!', StringComparison.Ordinal);
        var conversion = mark < 0 ? string.Empty : name[(mark + 1)..];
        var value = Value(mark < 0 ? name : name[..mark]);
        value = conversion switch { "s" => PythonText.Str(value), "r" or "a" => PythonText.Repr(value), _ => value };
        return FormatSpecification.Parse(specification).Apply(value, _budget);
    }

    private object Value(string path)
    {
        var end = path.AsSpan().IndexOfAny('.', '[') is var at && at < 0 ? path.Length : at;
        var value = Root(path[..end]);
        while (end < path.Length)
        {
            var start = end + 1;
            if (path[end] == '[')
            {
                end = path.IndexOf(']', start);
                var key = end < 0 ? throw TemplateFault.Value("Missing ']' in format string") : path[start..end++];
                value = ObjectAccess.Item(value, Integer(key) is { } number ? number : key, _budget);
            }
            else
            {
                end = path.AsSpan(start).IndexOfAny('.', '[') is var next && next < 0 ? path.Length : start + next;
                value = ObjectAccess.Attribute(value, path[start..end], _budget);
            }
        }

        return value;
    }

    private object Root(string name)
    {
        var place = name.Length == 0 ? _automatic++ : Integer(name);
        if (place is { } index)
        {
            return index < _arguments.Positional.Count
                ? _arguments.Positional[(int)index]
                : throw new TemplateFault("IndexError", "Replacement index out of range for positional args tuple");
        }

        return _arguments.Find(name) ?? throw new TemplateFault("KeyError", PythonText.Repr(name));
    }

    private static BigInteger? Integer(string text) =>
        text.Length is > 0 and < 10 && text.All(char.IsAsciiDigit) ? BigInteger.Parse(text, CultureInfo.InvariantCulture) : null;
}
