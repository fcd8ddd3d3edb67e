using System.Text;

namespace Transfuse.Cli.Commands;

/// <summary>The starter recipes: the files of <c>recipes/</c>, carried inside the tool.</summary>
internal static class RecipeTemplates
{
    private const string Prefix = "recipes/";

    /// <summary>Names of all templates, in ordinal order.</summary>
    internal static IReadOnlyList<string> Names { get; } =
    [
        .. typeof(RecipeTemplates).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^".yaml".Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The text of a template that <see cref="Names"/> lists.</summary>
    internal static string Read(string name)
    {
        using var stream = typeof(RecipeTemplates).Assembly.GetManifestResourceStream($"{Prefix}{name}.yaml")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>What a template does: its first line.</summary>
    internal static string Summary(string name) => Read(name).Split('\n')[0].TrimStart('#', ' ').TrimEnd();
}
