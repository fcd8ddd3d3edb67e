namespace Transfuse.Recipes.Reading;

/// <summary>A place in a recipe.</summary>
/// <param name="File">File, or <c>command line</c>.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
internal readonly record struct RecipePosition(string File, int Line, int Column);
