using System.Text.Json.Nodes;
using Transfuse.Recipes.Reading;

namespace Transfuse.Recipes.Keys;

/// <summary>One value of an enumeration, by its name in snake case (<c>MinEdit</c> is <c>min_edit</c>) or another separator.</summary>
internal sealed class ChoiceValue<TEnum>(char separator = '_') : RecipeValue<TEnum>
    where TEnum : struct, Enum
{
    private readonly (string Name, TEnum Value)[] _choices = [.. Enum.GetValues<TEnum>().Select(value => (Name(value, separator), value))];

    internal override string TypeName => "word";

    internal override string? Range => string.Join(", ", Names);

    private IEnumerable<string> Names => _choices.Select(choice => choice.Name);

    internal override bool TryRead(RecipeNode node, string path, ReadContext context, out TEnum value)
    {
        var text = (node as ScalarNode)?.Text ?? string.Empty;
        var index = Array.FindIndex(_choices, choice => string.Equals(choice.Name, text, StringComparison.Ordinal));
        value = index < 0 ? default : _choices[index].Value;
        return index >= 0 || Refuse(node, path, context, $"one of {Range}", SpellingSuggestion.DidYouMean(text, Names));
    }

    internal override string Format(TEnum value) => Name(value, separator);

    internal override JsonObject ToJsonSchema() =>
        new() { ["type"] = "string", ["enum"] = new JsonArray([.. Names.Select(name => (JsonNode)name)]) };

    private static string Name(TEnum value, char separator) => string.Concat(
        value.ToString().Select((c, i) => char.IsUpper(c) ? (i > 0 ? separator.ToString() : string.Empty) + char.ToLowerInvariant(c) : c.ToString()));
}
