using System.Text.Json.Nodes;

namespace Transfuse.Recipes.Keys;

/// <summary>A section seen from outside: what the reference and the JSON schema are made from.</summary>
internal interface ISectionSchema
{
    /// <summary>One sentence on what the section is for.</summary>
    string Description { get; }

    /// <summary>The key that a bare value stands for, or null: <c>target: models/a</c> is <c>target: { model: models/a }</c>.</summary>
    string? Shorthand { get; }

    /// <summary>The keys in the order of declaration.</summary>
    IReadOnlyList<IRecipeKey> Keys { get; }

    /// <summary>The JSON schema of the section.</summary>
    JsonObject ToJsonSchema();
}
