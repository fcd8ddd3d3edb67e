using System.Text.Json.Nodes;
using Transfuse.Recipes.Reading;

namespace Transfuse.Recipes.Keys;

/// <summary>A section with keys of its own.</summary>
internal sealed class SectionValue<TSection>(SectionSchema<TSection> schema) : RecipeValue<TSection>
    where TSection : class, new()
{
    internal override string TypeName => "section";

    internal override ISectionSchema Section => schema;

    internal override bool TryRead(RecipeNode node, string path, ReadContext context, out TSection value) =>
        schema.TryRead(node, path, context, out value);

    internal override string? Format(TSection value) => null;

    internal override void WriteBlock(ResolvedWriter writer, TSection value, int indent) => schema.Write(writer, value, indent);

    internal override JsonObject ToJsonSchema() => schema.ToJsonSchema();
}
