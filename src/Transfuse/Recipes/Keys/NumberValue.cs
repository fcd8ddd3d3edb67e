using System.Globalization;
using System.Text.Json.Nodes;
using Transfuse.Recipes.Reading;

namespace Transfuse.Recipes.Keys;

/// <summary>A finite number; <c>_</c> may separate digits.</summary>
internal sealed class NumberValue(NumberRange range) : RecipeValue<double>
{
    internal override string TypeName => "number";

    internal override string? Range => range.ToString();

    internal override bool TryRead(RecipeNode node, string path, ReadContext context, out double value)
    {
        value = 0;
        if (node is not ScalarNode { IsPlain: true, IsNull: false } scalar
            || !double.TryParse(
                scalar.Text.Replace("_", string.Empty, StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            || !double.IsFinite(value))
        {
            return Refuse(node, path, context, "a number");
        }

        return range.Contains(value) || Refuse(node, path, context, $"a number {range}");
    }

    internal override string Format(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    internal override JsonObject ToJsonSchema()
    {
        var schema = new JsonObject { ["type"] = "number" };
        range.AddTo(schema);
        return schema;
    }
}
