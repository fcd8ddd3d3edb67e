using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using Transfuse.Recipes.Reading;

namespace Transfuse.Recipes.Keys;

/// <summary>A whole number; <c>_</c> may separate digits.</summary>
internal sealed class IntegerValue<TInteger>(NumberRange range) : RecipeValue<TInteger>
    where TInteger : struct, IBinaryInteger<TInteger>
{
    internal override string TypeName => "whole number";

    internal override string? Range => range.ToString();

    internal override bool TryRead(RecipeNode node, string path, ReadContext context, out TInteger value)
    {
        value = default;
        if (node is not ScalarNode { IsPlain: true, IsNull: false } scalar
            || !BigInteger.TryParse(
                scalar.Text.Replace("_", string.Empty, StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return Refuse(node, path, context, "a whole number");
        }

        if (!range.Contains((double)number) || !Fits(number))
        {
            return Refuse(node, path, context, $"a whole number {range}");
        }

        value = TInteger.CreateTruncating(number);
        return true;
    }

    internal override string Format(TInteger value) => value.ToString(null, CultureInfo.InvariantCulture);

    internal override JsonObject ToJsonSchema()
    {
        var schema = new JsonObject { ["type"] = "integer" };
        range.AddTo(schema);
        return schema;
    }

    private static bool Fits(BigInteger number) => BigInteger.CreateTruncating(TInteger.CreateTruncating(number)) == number;
}
