namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>
/// A text that <c>safe</c> or <c>escape</c> marked as HTML. Adding it to another text escapes that one, which real templates meet by accident;
/// everywhere else it is a text.
/// </summary>
/// <param name="Text">The text.</param>
internal sealed record MarkupValue(string Text)
{
    /// <summary>A value without the mark.</summary>
    internal static object Plain(object value) => value is MarkupValue markup ? markup.Text : value;

    /// <summary>A text as HTML: escaped unless it is marked.</summary>
    internal static MarkupValue Of(object value) => value as MarkupValue ?? new MarkupValue(Escape(PythonText.Str(value)));

    /// <summary>A text with the mark, any other value as it is.</summary>
    internal static object Mark(object value) => value is string text ? new MarkupValue(text) : value;

    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal);
}
