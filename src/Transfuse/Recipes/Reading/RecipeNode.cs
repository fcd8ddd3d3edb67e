namespace Transfuse.Recipes.Reading;

/// <summary>A node of a YAML document with the place it came from.</summary>
/// <param name="Position">Where the node begins.</param>
internal abstract record RecipeNode(RecipePosition Position)
{
    /// <summary>The node's form in words, for messages.</summary>
    internal abstract string Describe();
}

/// <summary>A single value.</summary>
/// <param name="Position">Where the node begins.</param>
/// <param name="Text">The value's characters, unquoted.</param>
/// <param name="IsPlain">Whether it stood without quotes, so that it may be a number, a truth value or null.</param>
internal sealed record ScalarNode(RecipePosition Position, string Text, bool IsPlain) : RecipeNode(Position)
{
    internal bool IsNull => IsPlain && Text is "" or "~" or "null" or "Null" or "NULL";

    internal override string Describe() => IsNull ? "nothing" : $"'{Text}'";
}

/// <summary>A list.</summary>
/// <param name="Position">Where the node begins.</param>
/// <param name="Items">The items in order.</param>
internal sealed record SequenceNode(RecipePosition Position, IReadOnlyList<RecipeNode> Items) : RecipeNode(Position)
{
    internal override string Describe() => "a list";
}

/// <summary>A section. Keys may repeat here; the reader reports that.</summary>
/// <param name="Position">Where the node begins.</param>
/// <param name="Entries">Keys and values in order.</param>
internal sealed record MappingNode(RecipePosition Position, IReadOnlyList<MappingEntry> Entries) : RecipeNode(Position)
{
    internal RecipeNode? Find(string key) => Entries.FirstOrDefault(entry => string.Equals(entry.Key, key, StringComparison.Ordinal))?.Value;

    internal override string Describe() => "a section with keys";
}

/// <summary>One key of a section with its value.</summary>
/// <param name="Key">The key.</param>
/// <param name="KeyPosition">Where the key stands.</param>
/// <param name="Value">Its value.</param>
internal sealed record MappingEntry(string Key, RecipePosition KeyPosition, RecipeNode Value);
