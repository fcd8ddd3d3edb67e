using System.Text.Json.Nodes;
using Transfuse.Recipes.Reading;

namespace Transfuse.Recipes.Keys;

/// <summary>A list; a single value counts as a list of one.</summary>
/// <param name="item">The kind of the items.</param>
/// <param name="minimum">Fewest items.</param>
internal sealed class ListValue<TItem>(RecipeValue<TItem> item, int minimum = 0) : RecipeValue<IReadOnlyList<TItem>>
{
    internal override string TypeName => $"list of {Plural}";

    internal override string? Range => minimum == 0 ? item.Range : $"{(item.Range is null ? string.Empty : item.Range + "; ")}at least {minimum}";

    internal override ISectionSchema? Section => item.Section;

    internal override bool IsList => true;

    private string Plural => item.Section is not null ? "sections" : item.TypeName is "text" ? "text" : item.TypeName + "s";

    internal override bool TryRead(RecipeNode node, string path, ReadContext context, out IReadOnlyList<TItem> value)
    {
        value = [];
        if (node is ScalarNode { IsNull: true })
        {
            return minimum == 0 || Refuse(node, path, context, $"a {TypeName}");
        }

        var nodes = node is SequenceNode sequence ? sequence.Items : [node];
        if (nodes.Count < minimum)
        {
            context.Problems.Add(node.Position, path, $"'{path}' has {nodes.Count} items, at least {minimum} are needed");
            return false;
        }

        var items = new List<TItem>(nodes.Count);
        for (var i = 0; i < nodes.Count; i++)
        {
            var itemPath = node is SequenceNode ? ReadContext.Join(path, i.ToString(System.Globalization.CultureInfo.InvariantCulture)) : path;
            if (item.TryRead(nodes[i], itemPath, context, out var read))
            {
                items.Add(read);
            }
        }

        value = items;
        return items.Count == nodes.Count;
    }

    internal override string? Format(IReadOnlyList<TItem> value) =>
        value.Count == 0 ? "[]"
        : item.Section is not null ? null
        : $"[{string.Join(", ", value.Select(item.Format))}]";

    internal override void WriteBlock(ResolvedWriter writer, IReadOnlyList<TItem> value, int indent)
    {
        foreach (var element in value)
        {
            writer.BeginItem(indent);
            item.WriteBlock(writer, element, indent + 2);
        }
    }

    internal override JsonObject ToJsonSchema()
    {
        var list = new JsonObject { ["type"] = "array", ["items"] = item.ToJsonSchema() };
        if (minimum > 0)
        {
            list["minItems"] = minimum;
        }

        return minimum > 1 ? list : new JsonObject { ["anyOf"] = new JsonArray(list, item.ToJsonSchema()) };
    }
}
