namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>What filters such as <c>map</c> and <c>select</c> give: items that are made when asked for, and can be read once.</summary>
internal sealed class IteratorValue(IEnumerable<object> items)
{
    private readonly IEnumerator<object> _items = items.GetEnumerator();

    /// <summary>The items that have not been read yet.</summary>
    internal IEnumerable<object> Rest()
    {
        while (_items.MoveNext())
        {
            yield return _items.Current;
        }
    }
}
