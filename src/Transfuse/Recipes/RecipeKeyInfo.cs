namespace Transfuse.Recipes;

/// <summary>What there is to know about one key.</summary>
/// <param name="Kind">Kind of recipe that has it.</param>
/// <param name="Path">Dotted path; <c>[]</c> follows a list.</param>
/// <param name="Type">Kind of value in words.</param>
/// <param name="IsRequired">Whether a recipe without it is invalid.</param>
/// <param name="Default">Default as YAML, or null for required keys and sections.</param>
/// <param name="Range">Values allowed, or null where all are.</param>
/// <param name="Description">What it does.</param>
public sealed record RecipeKeyInfo(string Kind, string Path, string Type, bool IsRequired, string? Default, string? Range, string Description);
