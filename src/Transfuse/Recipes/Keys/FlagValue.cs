using System.Text.Json.Nodes;
using Transfuse.Recipes.Reading;

namespace Transfuse.Recipes.Keys;

/// <summary><c>true</c> or <c>false</c>.</summary>
internal sealed class FlagValue : RecipeValue<bool>
{
    internal override string TypeName => "true or false";

    internal override bool TryRead(RecipeNode node, string path, ReadContext context, out bool value)
    {
        var text = (node as ScalarNode)?.Text;
        value = string.Equals(text, "true", StringComparison.OrdinalIgnoreCase);
        if (value || string.Equals(text, "false", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        var suggestion = text?.ToUpperInvariant() switch
        {
            "YES" or "ON" or "1" or "Y" => "write true",
            "NO" or "OFF" or "0" or "N" => "write false",
            _ => null,
        };
        return Refuse(node, path, context, "true or false", suggestion);
    }

    internal override string Format(bool value) => value ? "true" : "false";

    internal override JsonObject ToJsonSchema() => new() { ["type"] = "boolean" };
}
