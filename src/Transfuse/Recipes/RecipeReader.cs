using Transfuse.Recipes.Keys;
using Transfuse.Recipes.Reading;

namespace Transfuse.Recipes;

/// <summary>Reads YAML recipes into records. Everything that is wrong is reported at once, with its position.</summary>
public static class RecipeReader
{
    private const int MaximumCharacters = 4 << 20;

    /// <summary>Reads a recipe.</summary>
    /// <param name="yaml">The recipe's text.</param>
    /// <param name="fileName">The file's name in messages.</param>
    /// <param name="overrides">Settings <c>dotted.key=value</c> that replace what the text says; list items by number, from 0.</param>
    /// <param name="pathExists">Answers whether an input file, folder or pattern exists; null leaves inputs unchecked.</param>
    /// <param name="modelExists">Answers whether a model is there or can be fetched; null asks <paramref name="pathExists"/>.</param>
    /// <exception cref="RecipeException">The recipe is invalid; holds all problems.</exception>
    public static Recipe Read(
        string yaml, string fileName, IReadOnlyList<string>? overrides = null, Func<string, bool>? pathExists = null, Func<string, bool>? modelExists = null)
    {
        ArgumentNullException.ThrowIfNull(yaml);
        ArgumentNullException.ThrowIfNull(fileName);
        var problems = new ProblemList();
        var start = new RecipePosition(fileName, 1, 1);
        if (yaml.Length > MaximumCharacters)
        {
            problems.Add(start, string.Empty, $"{yaml.Length} characters are too many for a recipe; at most {MaximumCharacters} are read");
            problems.ThrowIfAny();
        }

        var root = YamlTree.Parse(yaml, fileName, problems);
        problems.ThrowIfAny();
        root = RecipeOverrides.Apply(root ?? new MappingNode(start, []), overrides ?? [], problems);
        Recipe? recipe = null;
        if (FindKind(root, problems) is { } kind)
        {
            kind.TryRead(root, new ReadContext(problems, pathExists, modelExists ?? pathExists), out recipe);
        }

        problems.ThrowIfAny();
        return recipe!;
    }

    private static RecipeKind? FindKind(RecipeNode root, ProblemList problems)
    {
        var names = RecipeKind.All.Select(kind => kind.Name).ToArray();
        var known = $"write one of: {string.Join(", ", names.Select(name => $"recipe: {name}"))}";
        if (root is not MappingNode mapping)
        {
            problems.Add(root.Position, string.Empty, $"a recipe must be a section with keys, found {root.Describe()}", known);
            return null;
        }

        if (mapping.Find("recipe") is not { } node)
        {
            problems.Add(mapping.Position, "recipe", "key 'recipe' is missing, so the kind of recipe is unknown", known);
            return null;
        }

        var text = (node as ScalarNode)?.Text ?? string.Empty;
        var found = RecipeKind.All.FirstOrDefault(kind => string.Equals(kind.Name, text, StringComparison.Ordinal));
        if (found is null)
        {
            problems.Add(
                node.Position, "recipe", $"unknown kind of recipe {node.Describe()}", SpellingSuggestion.DidYouMean(text, names) ?? known);
        }

        return found;
    }
}
