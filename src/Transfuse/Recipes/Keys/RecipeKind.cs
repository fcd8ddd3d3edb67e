using System.Diagnostics.CodeAnalysis;
using Transfuse.Recipes.Reading;

namespace Transfuse.Recipes.Keys;

/// <summary>A kind of recipe without its type: how to read, write and describe it.</summary>
internal abstract class RecipeKind
{
    /// <summary>Every kind that this version reads.</summary>
    internal static IReadOnlyList<RecipeKind> All { get; } =
        [new RecipeKind<FuseRecipe>(FuseRecipe.KindName, FuseRecipe.Schema), new RecipeKind<TrainRecipe>(TrainRecipe.KindName, TrainRecipe.Schema)];

    /// <summary>The value of the key <c>recipe</c>.</summary>
    internal abstract string Name { get; }

    /// <summary>The kind's keys.</summary>
    internal abstract ISectionSchema Schema { get; }

    /// <summary>Reads a recipe of this kind; false where it had a problem.</summary>
    internal abstract bool TryRead(RecipeNode root, ReadContext context, [NotNullWhen(true)] out Recipe? recipe);

    /// <summary>Writes every key of a recipe of this kind.</summary>
    internal abstract void Write(ResolvedWriter writer, Recipe recipe);
}

/// <summary>A kind of recipe that is read into a record.</summary>
internal sealed class RecipeKind<TRecipe>(string name, SectionSchema<TRecipe> schema) : RecipeKind
    where TRecipe : Recipe, new()
{
    internal override string Name => name;

    internal override ISectionSchema Schema => schema;

    internal override bool TryRead(RecipeNode root, ReadContext context, [NotNullWhen(true)] out Recipe? recipe)
    {
        var success = schema.TryRead(root, string.Empty, context, out var read);
        recipe = success ? read : null;
        return success;
    }

    internal override void Write(ResolvedWriter writer, Recipe recipe) => schema.Write(writer, (TRecipe)recipe, 0);
}
