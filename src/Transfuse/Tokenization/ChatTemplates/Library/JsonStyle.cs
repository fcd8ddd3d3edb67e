using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>How <c>tojson</c> writes, as the arguments of Python's <c>json.dumps</c>.</summary>
/// <param name="IsAscii">Whether to escape what is not ASCII.</param>
/// <param name="Indent">Text of one level of indentation, or null for one line.</param>
/// <param name="ItemSeparator">Between items.</param>
/// <param name="KeySeparator">Between key and value.</param>
/// <param name="SortsKeys">Whether keys are sorted.</param>
internal sealed record JsonStyle(bool IsAscii, string? Indent, string ItemSeparator, string KeySeparator, bool SortsKeys)
{
    /// <summary>From the filter's arguments.</summary>
    internal static JsonStyle Of(object?[] arguments)
    {
        var indent = arguments[1] switch
        {
            null or NoneValue => null,
            string text => text,
            var width => new string(' ', Math.Clamp(PythonType.Index(width), 0, 64)),
        };
        var separators = arguments[2] is SequenceValue { Items: [string item, string key] } ? (item, key) : (indent is null ? ", " : ",", ": ");
        return new JsonStyle(IsTrue(arguments[0]), indent, separators.Item1, separators.Item2, IsTrue(arguments[3]));
    }

    private static bool IsTrue(object? value) => value is not null && PythonType.IsTrue(value);
}
