using Transfuse.Tokenization.ChatTemplates.Evaluation;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>The filter <c>wordwrap</c>: breaks lines between words. Words are not broken at hyphens.</summary>
internal static class WordWrap
{
    /// <summary>Applies the filter.</summary>
    internal static object Apply(Evaluator run, object value, object?[] arguments)
    {
        var width = arguments[0] is null ? 79 : Math.Max(1, PythonType.Index(arguments[0]!));
        var breaksWords = arguments[1] is null || PythonType.IsTrue(arguments[1]!);
        var separator = arguments[2] is null or NoneValue ? "\n" : PythonText.Str(arguments[2]!);
        var lines = TextMethods.SplitLines(PythonText.Str(value), keepsEnds: false);
        return run.Budget.Sized(string.Join(separator, lines.Select(line => string.Join(separator, Wrap(line, width, breaksWords)))));
    }

    private static List<string> Wrap(string line, int width, bool breaksWords)
    {
        var lines = new List<string>();
        var current = string.Empty;
        foreach (var word in PythonSpace.Words(line))
        {
            var rest = word;
            if (current.Length > 0 && current.Length + 1 + rest.Length <= width)
            {
                current += " " + rest;
                continue;
            }

            if (current.Length > 0)
            {
                lines.Add(current);
            }

            for (; breaksWords && rest.Length > width; rest = rest[width..])
            {
                lines.Add(rest[..width]);
            }

            current = rest;
        }

        if (current.Length > 0)
        {
            lines.Add(current);
        }

        return lines;
    }
}
