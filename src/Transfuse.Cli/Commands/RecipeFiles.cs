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
        return context.Settings.Apply(RecipeReader.Read(context.ReadText(file), file, overrides, path => Exists(context, path)));
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
