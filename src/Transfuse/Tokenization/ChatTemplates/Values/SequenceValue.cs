namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>A list or tuple. Lists cannot be changed: the sandbox refuses their mutating methods.</summary>
/// <param name="Items">The items.</param>
/// <param name="IsTuple">Whether it is a tuple.</param>
/// <param name="FieldNames">Names by which items can be read as attributes, for named tuples.</param>
internal sealed record SequenceValue(IReadOnlyList<object> Items, bool IsTuple = false, IReadOnlyList<string>? FieldNames = null)
{
    /// <summary>A list of texts.</summary>
    internal static SequenceValue Of(IEnumerable<string> texts) => new([.. texts]);

    /// <summary>A tuple.</summary>
    internal static SequenceValue Tuple(params object[] items) => new(items, IsTuple: true);
}
