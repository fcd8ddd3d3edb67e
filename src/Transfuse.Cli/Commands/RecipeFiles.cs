using Transfuse.Cli.Hosting;
using Transfuse.Recipes;

namespace Transfuse.Cli.Commands;

/// <summary>Recipes as command lines name them: a file, and settings <c>key=value</c>.</summary>
internal static class RecipeFiles
{
    /// <summary>Whether an argument is a setting: letters, digits, dots and underscores before the first <c>=</c>.</summary>
    internal static bool IsOverride(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && argument[..equals].All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_');
    }

    /// <summary>Reads a recipe and checks that its inputs exist. <c>--seed</c> and <c>--precision</c> take the place of its own.</summary>
    /// <exception cref="RecipeException">It is invalid.</exception>
    internal static Recipe Read(ToolContext context, string file, IReadOnlyList<string> overrides)
    {
        return context.Settings.Apply(
            RecipeReader.Read(context.ReadText(file), file, overrides, path => Exists(context, path), model => ModelExists(context, model)));
    }

    /// <summary>Whether a model is here, or has a name on the hub by which it may be found.</summary>
    internal static bool ModelExists(ToolContext context, string model) => Exists(context, model) || ModelLocation.MayBeOnHub(context, model);

    /// <summary>The recipe with the folders of models that it names by their names on the hub; those that are not in the cache are pulled.</summary>
    internal static Recipe WithLocalModels(ToolContext context, Recipe recipe, CancellationToken cancellation)
    {
        string? Local(string? model) => model is null || Path.Exists(context.Resolve(model)) ? model : context.ResolveModel(model, cancellation);
        return recipe switch
        {
            FuseRecipe fuse => fuse with
            {
                Target = fuse.Target with { Model = Local(fuse.Target.Model) },
                Sources = [.. fuse.Sources.Select(source => source with { Model = Local(source.Model) })],
            },
            TrainRecipe train => train with { Model = train.Model with { Model = Local(train.Model.Model) } },
            _ => recipe,
        };
    }

    // Of a pattern, the part before its first star or question mark has to be there.
    internal static bool Exists(ToolContext context, string path)
    {
        var star = path.IndexOfAny(['*', '?']);
        if (star < 0)
        {
            return Path.Exists(context.Resolve(path));
        }

        var folder = Path.GetDirectoryName(path[..star]);
        return Directory.Exists(context.Resolve(string.IsNullOrEmpty(folder) ? "." : folder));
    }
}
