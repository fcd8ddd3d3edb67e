using Transfuse.Recipes.Keys;

namespace Transfuse.Recipes;

/// <summary>Writes the resolved form of a recipe.</summary>
public static class RecipeWriter
{
    /// <summary>YAML with every key of the recipe; values that equal the default are marked <c># default</c>. Reads back as an equal recipe.</summary>
    public static string ToResolvedYaml(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var writer = new ResolvedWriter();
        RecipeKind.All.First(kind => string.Equals(kind.Name, recipe.Kind, StringComparison.Ordinal)).Write(writer, recipe);
        return writer.ToString();
    }
}
