using System.Globalization;

namespace Transfuse.Recipes.Reading;

/// <summary>Puts <c>dotted.key=value</c> settings of the command line into a recipe's tree, before it is read.</summary>
internal static class RecipeOverrides
{
    /// <summary>The file name in positions of overrides. All of them stand on its line 1, separated by one space.</summary>
    internal const string Source = "command line";

    /// <summary>The tree with the settings in place; the values are YAML, as in the file. Items of lists are named by number, from 0.</summary>
    internal static RecipeNode Apply(RecipeNode root, IReadOnlyList<string> overrides, ProblemList problems)
    {
        var column = 1;
        foreach (var setting in overrides)
        {
            root = ApplyOne(root, setting, column, problems);
            column += setting.Length + 1;
        }

        return root;
    }

    private static RecipeNode ApplyOne(RecipeNode root, string setting, int column, ProblemList problems)
    {
        var position = new RecipePosition(Source, 1, column);
        var equals = setting.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0 || setting[..equals].Split('.').Any(part => part.Length == 0))
        {
            problems.Add(position, string.Empty, $"'{setting}' is no setting", "write key=value, for example train.steps=200");
            return root;
        }

        var before = problems.Count;
        var value = YamlTree.Parse(setting[(equals + 1)..], Source, problems, column + equals);
        if (problems.Count > before)
        {
            return root;
        }

        value ??= new ScalarNode(position with { Column = column + equals + 1 }, string.Empty, IsPlain: true);
        return Set(root, setting[..equals].Split('.'), 0, position, value, problems);
    }

    private static RecipeNode Set(
        RecipeNode node, string[] path, int depth, RecipePosition position, RecipeNode value, ProblemList problems)
    {
        if (depth == path.Length)
        {
            return value;
        }

        switch (node)
        {
            case MappingNode mapping:
                return SetKey(mapping, path, depth, position, value, problems);
            case SequenceNode sequence:
                return SetItem(sequence, path, depth, position, value, problems);
            case ScalarNode { IsNull: true }:
                return SetKey(new MappingNode(position, []), path, depth, position, value, problems);
            default:
                problems.Add(
                    position,
                    string.Join('.', path),
                    $"'{string.Join('.', path[..depth])}' is {node.Describe()}, so it has no key '{path[depth]}'");
                return node;
        }
    }

    private static MappingNode SetKey(
        MappingNode mapping, string[] path, int depth, RecipePosition position, RecipeNode value, ProblemList problems)
    {
        var entries = mapping.Entries.ToList();
        var index = entries.FindIndex(entry => string.Equals(entry.Key, path[depth], StringComparison.Ordinal));
        if (index < 0)
        {
            var fresh = Set(new MappingNode(position, []), path, depth + 1, position, value, problems);
            entries.Add(new MappingEntry(path[depth], position, fresh));
        }
        else
        {
            var changed = Set(entries[index].Value, path, depth + 1, position, value, problems);
            entries[index] = entries[index] with { Value = changed };
        }

        return mapping with { Entries = entries };
    }

    private static SequenceNode SetItem(
        SequenceNode sequence, string[] path, int depth, RecipePosition position, RecipeNode value, ProblemList problems)
    {
        if (!int.TryParse(path[depth], NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index >= sequence.Items.Count)
        {
            problems.Add(
                position,
                string.Join('.', path),
                $"'{string.Join('.', path[..depth])}' is a list of {sequence.Items.Count}, found item '{path[depth]}'",
                "items are numbered from 0");
            return sequence;
        }

        var items = sequence.Items.ToList();
        items[index] = Set(items[index], path, depth + 1, position, value, problems);
        return sequence with { Items = items };
    }
}
