using System.Text.Json.Nodes;
using Transfuse.Recipes.Reading;

namespace Transfuse.Recipes.Keys;

/// <summary>A value that may be left open: <c>null</c> in YAML, null in the record.</summary>
/// <typeparam name="TValue">The type when there is a value.</typeparam>
/// <typeparam name="TOptional">The same with null.</typeparam>
internal sealed class OptionalValue<TValue, TOptional>(
    RecipeValue<TValue> inner, Func<TValue, TOptional> wrap, Func<TOptional, TValue> unwrap) : RecipeValue<TOptional?>
{
    internal override string TypeName => inner.TypeName;

    internal override string? Range => inner.Range;

    internal override ISectionSchema? Section => inner.Section;

    internal override bool IsList => inner.IsList;

    internal override bool TryRead(RecipeNode node, string path, ReadContext context, out TOptional? value)
    {
        value = default;
        if (node is ScalarNode { IsNull: true })
        {
            return true;
        }

        if (!inner.TryRead(node, path, context, out var read))
        {
            return false;
        }

        value = wrap(read);
        return true;
    }

    internal override string? Format(TOptional? value) => value is null ? "null" : inner.Format(unwrap(value));

    internal override void WriteBlock(ResolvedWriter writer, TOptional? value, int indent) => inner.WriteBlock(writer, unwrap(value!), indent);

    internal override JsonObject ToJsonSchema() =>
        new() { ["anyOf"] = new JsonArray(inner.ToJsonSchema(), new JsonObject { ["type"] = "null" }) };
}
