using System.Buffers;
using System.Numerics;
using System.Text;
using Transfuse.Tokenization.ChatTemplates.Evaluation;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Methods of texts, as Python's <c>str</c> has them.</summary>
internal static class TextMethods
{
    private const string Kind = "builtin_function_or_method";
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029");

    /// <summary>A method bound to its text, or null.</summary>
    internal static object? Find(string text, string name, RenderBudget budget) => name switch
    {
        "upper" => Of(name, "", _ => PythonCase.ToUpper(text)),
        "lower" => Of(name, "", _ => PythonCase.ToLower(text)),
        "casefold" => Of(name, "", _ => PythonCase.ToLower(text.Replace("ß", "ss", StringComparison.Ordinal))),
        "capitalize" => Of(name, "", _ => PythonCase.Capitalize(text)),
        "title" => Of(name, "", _ => PythonCase.ToTitle(text)),
        "swapcase" => Of(name, "", _ => string.Concat(CodePoints.Split(text).Select(point => PythonCase.ToUpper(point) is var upper && string.Equals(upper, point, StringComparison.Ordinal) ? PythonCase.ToLower(point) : upper))),
        "strip" => Of(name, "chars", a => Strip(text, a[0], start: true, end: true)),
        "lstrip" => Of(name, "chars", a => Strip(text, a[0], start: true, end: false)),
        "rstrip" => Of(name, "chars", a => Strip(text, a[0], start: false, end: true)),
        "split" => Of(name, "sep maxsplit", a => TextSplitting.Split(text, a[0], Count(a[1]))),
        "rsplit" => Of(name, "sep maxsplit", a => TextSplitting.SplitFromEnd(text, a[0], Count(a[1]))),
        "splitlines" => Of(name, "keepends", a => SequenceValue.Of(SplitLines(text, a[0] is not null && PythonType.IsTrue(a[0]!)))),
        "partition" => Of(name, "sep", a => TextSplitting.Partition(text, Text(a[0], name), fromEnd: false)),
        "rpartition" => Of(name, "sep", a => TextSplitting.Partition(text, Text(a[0], name), fromEnd: true)),
        "startswith" => Of(name, "prefix start end", a => Matches(Part(text, a[1], a[2]), a[0], name, (part, affix) => part.StartsWith(affix, StringComparison.Ordinal))),
        "endswith" => Of(name, "suffix start end", a => Matches(Part(text, a[1], a[2]), a[0], name, (part, affix) => part.EndsWith(affix, StringComparison.Ordinal))),
        "removeprefix" => Of(name, "prefix", a => text.StartsWith(Text(a[0], name), StringComparison.Ordinal) ? text[Text(a[0], name).Length..] : text),
        "removesuffix" => Of(name, "suffix", a => text.EndsWith(Text(a[0], name), StringComparison.Ordinal) ? text[..^Text(a[0], name).Length] : text),
        "find" => Of(name, "sub start end", a => Position(text, a, name, fromEnd: false)),
        "rfind" => Of(name, "sub start end", a => Position(text, a, name, fromEnd: true)),
        "index" => Of(name, "sub start end", a => Found(Position(text, a, name, fromEnd: false))),
        "rindex" => Of(name, "sub start end", a => Found(Position(text, a, name, fromEnd: true))),
        "count" => Of(name, "sub start end", a => Occurrences(Part(text, a[1], a[2]), Text(a[0], name))),
        "replace" => Of(name, "old new count", a => Replace(text, Text(a[0], name), Text(a[1], name), Count(a[2]), budget)),
        "join" => Of(name, "iterable", a => Join(text, a[0], budget)),
        "center" => Of(name, "width fillchar", a => Center(text, Width(a[0]), Fill(a[1]), budget)),
        "ljust" => Of(name, "width fillchar", a => Pad(text, 0, Width(a[0]) - CodePoints.Count(text), Fill(a[1]), budget)),
        "rjust" => Of(name, "width fillchar", a => Pad(text, Width(a[0]) - CodePoints.Count(text), 0, Fill(a[1]), budget)),
        "zfill" => Of(name, "width", a => ZeroFill(text, Width(a[0]), budget)),
        "expandtabs" => Of(name, "tabsize", a => ExpandTabs(text, a[0] is null ? 8 : PythonType.Index(a[0]!), budget)),
        "format" => new Callable(Kind, name, arguments => budget.Sized(BraceFormat.Apply(text, arguments, budget))),
        "format_map" => Of(name, "mapping", a => budget.Sized(BraceFormat.Apply(text, Names(a[0]), budget))),
        _ => TextTests.Find(text, name) is { } test ? Of(name, "", _ => test()) : null,
    };

    /// <summary>Without white space, or the given characters, at its ends.</summary>
    internal static string Strip(string text, object? characters, bool start, bool end)
    {
        if (characters is null or NoneValue)
        {
            var rest = start ? PythonSpace.TrimStart(text) : text;
            return (end ? PythonSpace.TrimEnd(rest) : rest).ToString();
        }

        var set = CodePoints.Split(Text(characters, "strip")).ToHashSet(StringComparer.Ordinal);
        var points = CodePoints.Split(text);
        var (first, last) = (0, points.Count);
        while (start && first < last && set.Contains(points[first]))
        {
            first++;
        }

        while (end && last > first && set.Contains(points[last - 1]))
        {
            last--;
        }

        return string.Concat(points[first..last]);
    }

    /// <summary>The lines, split wherever Python sees an end of line.</summary>
    internal static List<string> SplitLines(string text, bool keepsEnds)
    {
        var lines = new List<string>();
        for (var start = 0; start < text.Length;)
        {
            var length = text.AsSpan(start).IndexOfAny(LineEnds);
            var end = length < 0 ? text.Length : start + length;
            var next = length < 0 ? end : text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1;
            lines.Add(text[start..(keepsEnds ? next : end)]);
            start = next;
        }

        return lines;
    }

    /// <summary>With a part replaced; a negative count replaces every occurrence.</summary>
    internal static string Replace(string text, string old, string with, int count, RenderBudget budget)
    {
        if (old.Length == 0)
        {
            return ReplaceNothing(text, with, count, budget);
        }

        var replaced = new StringBuilder();
        var start = 0;
        for (; count != 0; count--)
        {
            var at = text.IndexOf(old, start, StringComparison.Ordinal);
            if (at < 0)
            {
                break;
            }

            replaced.Append(text, start, at - start).Append(with);
            budget.Size(replaced.Length, at - start + with.Length);
            start = at + old.Length;
        }

        return replaced.Append(text, start, text.Length - start).ToString();
    }

    /// <summary>In the middle of a width, as Python rounds it.</summary>
    internal static string Center(string text, int width, char fill, RenderBudget budget)
    {
        var margin = Math.Max(0, width - CodePoints.Count(text));
        var left = (margin / 2) + (margin & width & 1);
        return Pad(text, left, margin - left, fill, budget);
    }

    private static string ReplaceNothing(string text, string with, int count, RenderBudget budget)
    {
        var points = CodePoints.Split(text);
        var places = count < 0 ? points.Count + 1 : Math.Min(count, points.Count + 1);
        budget.Size(text.Length + ((long)with.Length * places));
        var replaced = new StringBuilder();
        for (var i = 0; i <= points.Count; i++)
        {
            replaced.Append(i < places ? with : string.Empty).Append(i < points.Count ? points[i] : string.Empty);
        }

        return replaced.ToString();
    }

    private static Callable Of(string name, string parameters, Func<object?[], object> method)
    {
        var names = parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new Callable(Kind, name, arguments => method(arguments.Bind(name, names)));
    }

    private static string Text(object? value, string method) => value switch
    {
        string text => text,
        null => throw TemplateFault.Type($"{method}() takes at least 1 argument (0 given)"),
        Undefined undefined => throw undefined.Fault(),
        _ => throw TemplateFault.Type($"{method}() argument must be str, not {PythonType.Name(value)}"),
    };

    private static Arguments Names(object? value) => value is DictValue dict
        ? new Arguments([], [.. dict.Entries.Where(entry => entry.Key is string).Select(entry => ((string)entry.Key, entry.Value))])
        : throw TemplateFault.Type("format_map() needs a mapping");

    private static int Count(object? value) => value is null or NoneValue ? -1 : PythonType.Index(value);

    private static int Width(object? value) => PythonType.Index(value ?? throw TemplateFault.Type("a width is needed"));

    private static char Fill(object? value) => value is null
        ? ' '
        : value is string { Length: 1 } text ? text[0] : throw TemplateFault.Type("The fill character must be exactly one character long");

    private static string Part(string text, object? start, object? end) => start is null && end is null
        ? text
        : (string)Slicing.Slice(text, (start ?? NoneValue.Value, end ?? NoneValue.Value, NoneValue.Value));

    private static object Matches(string text, object? affix, string method, Func<string, string, bool> matches) => affix is SequenceValue { IsTuple: true } several
        ? several.Items.Any(one => matches(text, Text(one, method)))
        : affix is SequenceValue ? throw TemplateFault.Type($"{method} first arg must be str or a tuple of str, not list") : matches(text, Text(affix, method));

    private static object Position(string text, object?[] arguments, string method, bool fromEnd)
    {
        var part = Part(text, arguments[1], arguments[2]);
        var sought = Text(arguments[0], method);
        var at = fromEnd ? part.LastIndexOf(sought, StringComparison.Ordinal) : part.IndexOf(sought, StringComparison.Ordinal);
        if (at < 0)
        {
            return BigInteger.MinusOne;
        }

        var count = CodePoints.Count(text);
        var start = arguments[1] is null or NoneValue ? 0 : PythonType.Index(arguments[1]!);
        return new BigInteger(Math.Clamp(start < 0 ? start + count : start, 0, count) + CodePoints.Count(part.AsSpan(0, at)));
    }

    private static object Found(object position) => position is BigInteger { Sign: < 0 } ? throw TemplateFault.Value("substring not found") : position;

    private static object Occurrences(string text, string sought)
    {
        if (sought.Length == 0)
        {
            return new BigInteger(CodePoints.Count(text) + 1);
        }

        var count = 0;
        for (var at = text.IndexOf(sought, StringComparison.Ordinal); at >= 0; at = text.IndexOf(sought, at + sought.Length, StringComparison.Ordinal))
        {
            count++;
        }

        return new BigInteger(count);
    }

    private static object Join(string separator, object? items, RenderBudget budget)
    {
        var texts = Iteration.ToArray(items ?? throw TemplateFault.Type("join() takes exactly one argument (0 given)"), budget);
        var place = Array.FindIndex(texts, item => item is not string);
        if (place >= 0)
        {
            throw TemplateFault.Type($"sequence item {place}: expected str instance, {PythonType.Name(texts[place])} found");
        }

        budget.Size(texts.Sum(item => (long)((string)item).Length + separator.Length));
        return string.Join(separator, texts);
    }

    private static string Pad(string text, int left, int right, char fill, RenderBudget budget)
    {
        budget.Size((long)text.Length + Math.Max(left, 0) + Math.Max(right, 0));
        return new string(fill, Math.Max(left, 0)) + text + new string(fill, Math.Max(right, 0));
    }

    private static string ZeroFill(string text, int width, RenderBudget budget)
    {
        var sign = text.StartsWith('-') || text.StartsWith('+') ? 1 : 0;
        return text[..sign] + Pad(text[sign..], width - CodePoints.Count(text), 0, '0', budget);
    }

    private static string ExpandTabs(string text, int size, RenderBudget budget)
    {
        var expanded = new StringBuilder();
        var column = 0;
        foreach (var character in text)
        {
            if (character == '\t')
            {
                var spaces = size <= 0 ? 0 : size - (column % size);
                budget.Size(expanded.Length + (long)spaces, spaces);
                expanded.Append(' ', spaces);
                column += spaces;
                continue;
            }

            expanded.Append(character);
            column = character is '\n' or '\r' ? 0 : column + 1;
        }

        return expanded.ToString();
    }
}
