using Transfuse.Recipes.Keys;

namespace Transfuse.Recipes;

/// <summary>One part of a corpus. A bare word in a recipe is its name.</summary>
public sealed record DomainSection
{
    /// <summary>Name of the domain in tables and for sources that are trained on it.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>Files or patterns (<c>data/*.jsonl</c>); empty for the domains of the SDK's documentation.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Field of the JSON lines that holds the text.</summary>
    public string Field { get; init; } = "text";

    internal static SectionSchema<DomainSection> Schema { get; } = new SectionSchema<DomainSection>("One part of the corpus.", shorthand: "name")
        .Key("name", Values.Text, s => s.Name, (s, v) => s with { Name = v }, "Name of the domain in tables and for sources trained on it.", required: true)
        .Key("files", Values.List(Values.InputPath), s => s.Files, (s, v) => s with { Files = v }, "Text files, JSON lines or patterns such as data/*.jsonl.")
        .Key("field", Values.Text, s => s.Field, (s, v) => s with { Field = v }, "Field of JSON lines that holds the text.");
}
