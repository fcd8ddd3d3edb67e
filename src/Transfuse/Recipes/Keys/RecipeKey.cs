using System.Text.Json.Nodes;
using Transfuse.Recipes.Reading;

namespace Transfuse.Recipes.Keys;

/// <summary>A key of a section, whatever the type of its value.</summary>
internal abstract class RecipeKey<TSection> : IRecipeKey
{
    public abstract string Name { get; }

    public abstract string Description { get; }

    public abstract string TypeName { get; }

    public abstract string? Range { get; }

    public abstract bool IsRequired { get; }

    public abstract string? Default { get; }

    public abstract ISectionSchema? Section { get; }

    public abstract bool IsList { get; }

    public abstract JsonObject ToJsonSchema();

    /// <summary>The section with this key's value from the node; a value that does not fit leaves the default and adds a problem.</summary>
    internal abstract TSection Read(TSection section, RecipeNode node, string path, ReadContext context);

    /// <summary>Writes the key with its value.</summary>
    internal abstract void Write(ResolvedWriter writer, TSection section, int indent);
}

/// <summary>A key with a value of a known type. The default is what a new record holds, so it stands in one place.</summary>
internal sealed class RecipeKey<TSection, TValue>(
    string name,
    RecipeValue<TValue> value,
    Func<TSection, TValue> get,
    Func<TSection, TValue, TSection> with,
    string description,
    bool isRequired,
    TSection defaults) : RecipeKey<TSection>
{
    public override string Name => name;

    public override string Description => description;

    public override string TypeName => value.TypeName;

    public override string? Range => value.Range;

    public override bool IsRequired => isRequired;

    public override string? Default => isRequired ? null : value.Format(get(defaults));

    public override ISectionSchema? Section => value.Section;

    public override bool IsList => value.IsList;

    public override JsonObject ToJsonSchema()
    {
        var schema = value.ToJsonSchema();
        schema["description"] = description;
        if (Default is { } text)
        {
            schema["default"] = DefaultNode(text);
        }

        return schema;
    }

    internal override TSection Read(TSection section, RecipeNode node, string path, ReadContext context) =>
        value.TryRead(node, path, context, out var read) ? with(section, read) : section;

    internal override void Write(ResolvedWriter writer, TSection section, int indent)
    {
        var current = get(section);
        if (value.Format(current) is { } line)
        {
            writer.WriteKey(indent, name, line, string.Equals(line, Default, StringComparison.Ordinal));
            return;
        }

        writer.BeginSection(indent, name);
        value.WriteBlock(writer, current, indent + 2);
    }

    // Numbers and truth values in YAML are the same in JSON; the rest is text or a list.
    private static JsonNode? DefaultNode(string text) => text switch
    {
        "null" => null,
        "true" => true,
        "false" => false,
        "[]" => new JsonArray(),
        _ when double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) => number,
        _ when text.StartsWith('[') => new JsonArray([.. text[1..^1].Split(", ").Select(item => (JsonNode)item)]),
        _ => text.Trim('"'),
    };
}
