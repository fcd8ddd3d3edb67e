using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates;

/// <summary>JSON as values of a template.</summary>
internal static class JsonValues
{
    /// <summary>The value of a node; a number with fraction or exponent is a float, any other an integer of any size.</summary>
    internal static object Of(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject entries:
                var dict = new DictValue();
                foreach (var (key, value) in entries)
                {
                    dict.Set(key, Of(value));
                }

                return dict;
            case JsonArray items:
                return new SequenceValue([.. items.Select(Of)]);
            default:
                return node?.GetValueKind() switch
                {
                    JsonValueKind.String => node.GetValue<string>(),
                    JsonValueKind.True => true,
                    JsonValueKind.False => false,
                    JsonValueKind.Number => Number(node.ToJsonString()),
                    _ => NoneValue.Value,
                };
        }
    }

    private static object Number(string text) => text.AsSpan().ContainsAny('.', 'e', 'E')
        ? double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture)
        : BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
