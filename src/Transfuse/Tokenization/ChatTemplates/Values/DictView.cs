namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>What <c>items()</c>, <c>keys()</c> and <c>values()</c> of a dict give.</summary>
/// <param name="TypeName">dict_items, dict_keys or dict_values.</param>
/// <param name="Items">The items.</param>
internal sealed record DictView(string TypeName, IReadOnlyList<object> Items);
