using System.Text.Json.Nodes;
using Transfuse.Recipes.Reading;

namespace Transfuse.Recipes.Keys;

/// <summary>Text: a name, or the path of an input, or one of a few words.</summary>
/// <param name="choices">The words allowed, or null for any text.</param>
/// <param name="isInput">Whether the text is a path (or a pattern of paths) that has to exist.</param>
/// <param name="isModel">Whether the input is a model, which may have a name elsewhere instead of a path.</param>
internal sealed class TextValue(IReadOnlyList<string>? choices = null, bool isInput = false, bool isModel = false) : RecipeValue<string>
{
    internal override string TypeName => isInput ? "path" : "text";

    internal override string? Range => choices is null ? null : string.Join(", ", choices);

    internal override bool TryRead(RecipeNode node, string path, ReadContext context, out string value)
    {
        value = (node as ScalarNode)?.Text ?? string.Empty;
        if (node is not ScalarNode { IsNull: false } || value.Length == 0)
        {
            return Refuse(node, path, context, isInput ? "a path" : "text");
        }

        if (choices is not null && !choices.Contains(value, StringComparer.Ordinal))
        {
            return Refuse(node, path, context, $"one of {string.Join(", ", choices)}", SpellingSuggestion.DidYouMean(value, choices));
        }

        if (isInput && (isModel ? context.ModelExists : context.PathExists) is { } exists && !exists(value))
        {
            context.Problems.Add(
                node.Position, path, $"'{path}' names '{value}', which does not exist", "paths are relative to the folder transfuse is started in (or -C DIR)");
            return false;
        }

        return true;
    }

    internal override string Format(string value) => YamlText.Quote(value);

    internal override JsonObject ToJsonSchema()
    {
        var schema = new JsonObject { ["type"] = "string", ["minLength"] = 1 };
        if (choices is not null)
        {
            schema["enum"] = new JsonArray([.. choices.Select(choice => (JsonNode)choice)]);
        }

        return schema;
    }
}
