using System.Globalization;
using System.Numerics;
using System.Text;
using Transfuse.Tokenization.ChatTemplates.Evaluation;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Values as JSON, character by character as Python's <c>json.dumps</c> writes them: models were trained on that form.</summary>
internal sealed class JsonText
{
    private readonly StringBuilder _text = new();
    private readonly JsonStyle _style;
    private readonly RenderBudget _budget;

    private JsonText(JsonStyle style, RenderBudget budget)
    {
        _style = style;
        _budget = budget;
    }

    /// <summary>The JSON of a value.</summary>
    /// <exception cref="TemplateFault">The value has no JSON.</exception>
    internal static string Write(object value, JsonStyle style, RenderBudget budget)
    {
        var json = new JsonText(style, budget);
        json.Append(value, level: 0);
        return json._text.ToString();
    }

    private void Append(object value, int level)
    {
        var below = Nesting.Enter(level);
        var start = _text.Length;
        switch (value)
        {
            case string text:
                AppendText(text);
                break;
            case MarkupValue markup:
                AppendText(markup.Text);
                break;
            case DictValue dict:
                AppendDict(dict, level);
                break;
            case SequenceValue sequence:
                AppendAll('[', ']', sequence.Items, level, item => Append(item, below));
                break;
            default:
                _text.Append(Scalar(value) ?? throw TemplateFault.Type($"Object of type {PythonType.Name(value)} is not JSON serializable"));
                break;
        }

        _budget.Size(_text.Length, _text.Length - start);
    }

    private static string? Scalar(object value) => value switch
    {
        NoneValue => "null",
        bool flag => flag ? "true" : "false",
        BigInteger number => number.ToString(CultureInfo.InvariantCulture),
        double number => double.IsNaN(number) ? "NaN" : double.IsInfinity(number) ? number > 0 ? "Infinity" : "-Infinity" : PythonText.Repr(number),
        _ => null,
    };

    private void AppendDict(DictValue dict, int level)
    {
        var entries = dict.Entries;
        if (_style.SortsKeys)
        {
            entries = StableSort.Sort([.. entries.Select(entry => (object)entry)], (x, y) => PythonComparison.Compare(Key(x), Key(y), "<"), _budget)
                .Cast<KeyValuePair<object, object>>();
        }

        AppendAll('{', '}', [.. entries], level, entry =>
        {
            AppendText(entry.Key as string ?? Scalar(entry.Key)
                ?? throw TemplateFault.Type($"keys must be str, int, float, bool or None, not {PythonType.Name(entry.Key)}"));
            _text.Append(_style.KeySeparator);
            Append(entry.Value, level + 1);
        });
    }

    private static object Key(object entry) => ((KeyValuePair<object, object>)entry).Key;

    private void AppendAll<T>(char opening, char closing, IReadOnlyList<T> items, int level, Action<T> append)
    {
        _text.Append(opening);
        for (var i = 0; i < items.Count; i++)
        {
            _text.Append(i > 0 ? _style.ItemSeparator : string.Empty);
            BreakLine(level + 1);
            append(items[i]);
        }

        if (items.Count > 0)
        {
            BreakLine(level);
        }

        _text.Append(closing);
    }

    private void BreakLine(int level)
    {
        if (_style.Indent is not null)
        {
            _text.Append('\n').Insert(_text.Length, _style.Indent, level);
        }
    }

    private void AppendText(string text)
    {
        _text.Append('"');
        foreach (var character in text)
        {
            var known = "\"\\\n\r\t\f\b".IndexOf(character, StringComparison.Ordinal);
            if (known >= 0)
            {
                _text.Append('\\').Append("\"\\nrtfb"[known]);
            }
            else if (character < ' ' || (_style.IsAscii && character > '~'))
            {
                _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
            }
            else
            {
                _text.Append(character);
            }
        }

        _text.Append('"');
    }
}
