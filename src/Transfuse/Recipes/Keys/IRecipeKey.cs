using System.Text.Json.Nodes;

namespace Transfuse.Recipes.Keys;

/// <summary>A key seen from outside.</summary>
internal interface IRecipeKey
{
    /// <summary>The key as written in a recipe.</summary>
    string Name { get; }

    /// <summary>One line on what it does.</summary>
    string Description { get; }

    /// <summary>The kind of its value in words.</summary>
    string TypeName { get; }

    /// <summary>The values allowed, or null.</summary>
    string? Range { get; }

    /// <summary>Whether a recipe without it is invalid.</summary>
    bool IsRequired { get; }

    /// <summary>The default as YAML, or null where it is required or a section.</summary>
    string? Default { get; }

    /// <summary>The section below it, or null.</summary>
    ISectionSchema? Section { get; }

    /// <summary>Whether the value is a list.</summary>
    bool IsList { get; }

    /// <summary>The JSON schema of its value, description and default included.</summary>
    JsonObject ToJsonSchema();
}
