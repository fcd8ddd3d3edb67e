using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using Transfuse.Tokenization.ChatTemplates.Evaluation;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Filters on texts.</summary>
internal static partial class TextFilters
{
    /// <summary>The filters by name.</summary>
    internal static readonly KeyValuePair<string, FilterBody>[] All =
    [
        Filters.Define("upper", "", (_, value, _) => PythonCase.ToUpper(PythonText.Str(value))),
        Filters.Define("lower", "", (_, value, _) => PythonCase.ToLower(PythonText.Str(value))),
        Filters.Define("capitalize", "", (_, value, _) => PythonCase.Capitalize(PythonText.Str(value))),
        Filters.Define("title", "", (_, value, _) => Title(PythonText.Str(value))),
        Filters.Define("trim", "chars", (_, value, a) => TextMethods.Strip(PythonText.Str(value), a[0], start: true, end: true)),
        Filters.Define("string", "", (_, value, _) => PythonText.Str(value)),
        Filters.Define("safe", "", (_, value, _) => new MarkupValue(PythonText.Str(value))),
        Filters.Define("escape", "", (_, value, _) => MarkupValue.Of(value)),
        Filters.Define("e", "", (_, value, _) => MarkupValue.Of(value)),
        Filters.Define("forceescape", "", (_, value, _) => MarkupValue.Of(PythonText.Str(value))),
        Filters.Define("striptags", "", (_, value, _) => StripTags(PythonText.Str(value))),
        Filters.Define("urlencode", "", (_, value, _) => UrlEncode(value)),
        Filters.Define("replace", "old new count", Replace),
        Filters.Define("center", "width", (run, value, a) => TextMethods.Center(PythonText.Str(value), a[0] is null ? 80 : PythonType.Index(a[0]!), ' ', run.Budget)),
        Filters.Define("indent", "width first blank", Indent),
        Filters.Define("truncate", "length killwords end leeway", (_, value, a) => Truncate(PythonText.Str(value), a)),
        Filters.Define("wordcount", "", (_, value, _) => new BigInteger(Word().Count(PythonText.Str(value)))),
        Filters.Define("wordwrap", "width break_long_words wrapstring break_on_hyphens", WordWrap.Apply),
        new("format", (run, value, arguments) => run.Budget.Sized(PercentFormat.Apply(PythonText.Str(value), FormatValues(arguments), run.Budget))),
    ];

    // Jinja's title: a word begins after a hyphen, white space or an opening bracket; an apostrophe begins none.
    private static string Title(string text)
    {
        var title = new StringBuilder(text.Length);
        foreach (var part in WordStart().Split(text).Where(part => part.Length > 0))
        {
            var first = CodePoints.Unit(part, 1);
            title.Append(PythonCase.ToUpper(part[..first])).Append(PythonCase.ToLower(part[first..]));
        }

        return title.ToString();
    }

    private static string StripTags(string text) =>
        System.Net.WebUtility.HtmlDecode(string.Join(' ', PythonSpace.Words(Tag().Replace(Comment().Replace(text, string.Empty), string.Empty))));

    private static string UrlEncode(object value)
    {
        if (value is string || Iteration.TryItems(value) is null)
        {
            return Quote(PythonText.Str(value), "/");
        }

        var pairs = value is DictValue dict ? dict.Entries.Select(entry => (entry.Key, entry.Value)) : Iteration.Items(value).Select(Pair);
        string Plus(object part) => Quote(PythonText.Str(part), kept: "").Replace("%20", "+", StringComparison.Ordinal);
        return string.Join('&', pairs.Select(pair => $"{Plus(pair.Item1)}={Plus(pair.Item2)}"));
    }

    private static (object, object) Pair(object item) => item is SequenceValue { Items.Count: 2 } pair
        ? (pair.Items[0], pair.Items[1])
        : throw TemplateFault.Value("urlencode needs pairs of a name and a value");

    private static string Quote(string text, string kept)
    {
        var quoted = new StringBuilder();
        foreach (var unit in System.Text.Encoding.UTF8.GetBytes(text))
        {
            var isKept = unit < 0x80 && (char.IsAsciiLetterOrDigit((char)unit) || "_.-~".Contains((char)unit, StringComparison.Ordinal) || kept.Contains((char)unit, StringComparison.Ordinal));
            _ = isKept ? quoted.Append((char)unit) : quoted.Append(CultureInfo.InvariantCulture, $"%{unit:X2}");
        }

        return quoted.ToString();
    }

    private static object Replace(Evaluator run, object value, object?[] arguments)
    {
        if (arguments[0] is null || arguments[1] is null)
        {
            throw TemplateFault.Type("do_replace() missing 1 required positional argument: 'new'");
        }

        var count = arguments[2] is null or NoneValue ? -1 : PythonType.Index(arguments[2]!);
        return TextMethods.Replace(PythonText.Str(value), PythonText.Str(arguments[0]!), PythonText.Str(arguments[1]!), count, run.Budget);
    }

    private static object Indent(Evaluator run, object value, object?[] arguments)
    {
        var width = arguments[0] switch { null => 4, string => 0, _ => Math.Max(0, PythonType.Index(arguments[0]!)) };
        run.Budget.Size(width);
        var margin = arguments[0] as string ?? new string(' ', width);
        var indentsFirst = arguments[1] is not null && PythonType.IsTrue(arguments[1]!);
        var indentsBlank = arguments[2] is not null && PythonType.IsTrue(arguments[2]!);
        var lines = TextMethods.SplitLines(PythonText.Str(value) + "\n", keepsEnds: false);
        run.Budget.Size(((long)margin.Length * lines.Count) + PythonText.Str(value).Length);
        var text = new StringBuilder(indentsFirst ? margin : string.Empty).Append(lines.Count > 0 ? lines[0] : string.Empty);
        foreach (var line in lines.Skip(1))
        {
            text.Append('\n').Append(indentsBlank || line.Length > 0 ? margin : string.Empty).Append(line);
        }

        return text.ToString();
    }

    private static string Truncate(string text, object?[] arguments)
    {
        var length = arguments[0] is null ? 255 : PythonType.Index(arguments[0]!);
        var killsWords = arguments[1] is not null && PythonType.IsTrue(arguments[1]!);
        var end = arguments[2] is null ? "..." : PythonText.Str(arguments[2]!);
        var leeway = arguments[3] is null or NoneValue ? 5 : PythonType.Index(arguments[3]!);
        var count = CodePoints.Count(text);
        if (length < CodePoints.Count(end))
        {
            throw new TemplateFault("AssertionError", $"expected length >= {CodePoints.Count(end)}, got {length}");
        }

        if (count <= (long)length + leeway)
        {
            return text;
        }

        var kept = text[..CodePoints.Unit(text, length - CodePoints.Count(end))];
        if (killsWords)
        {
            return kept + end;
        }

        var space = kept.LastIndexOf(' ');
        return (space < 0 ? kept : kept[..space]) + end;
    }

    private static object FormatValues(Arguments arguments)
    {
        if (arguments.Named.Count == 0)
        {
            return SequenceValue.Tuple([.. arguments.Positional]);
        }

        var names = new DictValue();
        foreach (var (name, value) in arguments.Named)
        {
            names.Set(name, value);
        }

        return arguments.Positional.Count == 0 ? names : throw new TemplateFault("FilterArgumentError", "can't handle positional and keyword arguments at the same time");
    }

    [GeneratedRegex(@"\w+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Word();

    [GeneratedRegex(@"(?<start>[-\s({\[<]+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex WordStart();

    [GeneratedRegex("<!--.*?-->", RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.NonBacktracking)]
    private static partial Regex Comment();

    [GeneratedRegex("<.*?>", RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.NonBacktracking)]
    private static partial Regex Tag();
}
