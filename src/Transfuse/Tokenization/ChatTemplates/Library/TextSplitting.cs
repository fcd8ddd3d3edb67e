using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Python's ways to split texts. A negative limit is none.</summary>
internal static class TextSplitting
{
    /// <summary><c>split</c>: at a separator, or at white space.</summary>
    internal static SequenceValue Split(string text, object? separator, int limit)
    {
        if (Separator(separator) is { } sought)
        {
            return SequenceValue.Of(limit < 0 ? text.Split(sought) : text.Split(sought, limit == int.MaxValue ? limit : limit + 1));
        }

        var parts = new List<string>();
        var rest = PythonSpace.TrimStart(text);
        for (; rest.Length > 0 && limit != 0; limit--)
        {
            var end = 0;
            while (end < rest.Length && !PythonSpace.IsSpace(rest[end]))
            {
                end++;
            }

            parts.Add(rest[..end].ToString());
            rest = PythonSpace.TrimStart(rest[end..]);
        }

        if (rest.Length > 0)
        {
            parts.Add(rest.ToString());
        }

        return SequenceValue.Of(parts);
    }

    /// <summary><c>rsplit</c>: as split, but the limit counts from the end.</summary>
    internal static SequenceValue SplitFromEnd(string text, object? separator, int limit)
    {
        if (limit < 0)
        {
            return Split(text, separator, limit);
        }

        var sought = Separator(separator);
        var parts = new List<string>();
        var rest = sought is null ? PythonSpace.TrimEnd(text).ToString() : text;
        for (; limit > 0 && (sought is not null || rest.Length > 0); limit--)
        {
            var at = sought is null ? LastSpace(rest) : rest.LastIndexOf(sought, StringComparison.Ordinal);
            if (at < 0)
            {
                break;
            }

            parts.Add(rest[(at + (sought?.Length ?? 1))..]);
            rest = sought is null ? PythonSpace.TrimEnd(rest.AsSpan(0, at)).ToString() : rest[..at];
        }

        if (sought is not null || rest.Length > 0)
        {
            parts.Add(rest);
        }

        parts.Reverse();
        return SequenceValue.Of(parts);
    }

    /// <summary><c>partition</c> and <c>rpartition</c>: before, separator, after.</summary>
    internal static SequenceValue Partition(string text, string separator, bool fromEnd)
    {
        if (separator.Length == 0)
        {
            throw TemplateFault.Value("empty separator");
        }

        var at = fromEnd ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        return at >= 0
            ? SequenceValue.Tuple(text[..at], separator, text[(at + separator.Length)..])
            : fromEnd ? SequenceValue.Tuple("", "", text) : SequenceValue.Tuple(text, "", "");
    }

    private static int LastSpace(string text)
    {
        var at = text.Length - 1;
        while (at >= 0 && !PythonSpace.IsSpace(text[at]))
        {
            at--;
        }

        return at;
    }

    private static string? Separator(object? value) => value switch
    {
        null or NoneValue => null,
        string { Length: > 0 } text => text,
        string => throw TemplateFault.Value("empty separator"),
        Undefined undefined => throw undefined.Fault(),
        _ => throw TemplateFault.Type($"must be str or None, not {PythonType.Name(value)}"),
    };
}
