using System.Text.Json;
using System.Text.Json.Nodes;

namespace Transfuse.Tokenization.Json;

/// <summary>Writes the components of tokenizer.json that trainers and converters need.</summary>
internal static class JsonParts
{
    /// <summary>A node as an element of its own.</summary>
    public static JsonElement Element(JsonNode node)
    {
        using var document = JsonDocument.Parse(node.ToJsonString());
        return document.RootElement.Clone();
    }

    /// <summary>A component given as JSON text.</summary>
    public static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    /// <summary><c>ByteLevel</c> as pre-tokenizer, post-processor or decoder.</summary>
    public static JsonObject ByteLevel(bool addPrefixSpace, bool useRegex, bool trimOffsets = true) => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = addPrefixSpace,
        ["trim_offsets"] = trimOffsets,
        ["use_regex"] = useRegex,
    };

    /// <summary><c>Split</c> by a regular expression into isolated pieces.</summary>
    public static JsonObject Split(string regex) => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { ["Regex"] = regex },
        ["behavior"] = "Isolated",
        ["invert"] = false,
    };

    /// <summary><c>TemplateProcessing</c> that puts tokens before and behind each text.</summary>
    public static JsonElement Template((string Token, int Id)? before, (string Token, int Id)? behind)
    {
        var specials = new JsonObject();
        foreach (var item in new[] { before, behind })
        {
            if (item is { } special)
            {
                specials[special.Token] = new JsonObject
                {
                    ["id"] = special.Token,
                    ["ids"] = new JsonArray(special.Id),
                    ["tokens"] = new JsonArray(special.Token),
                };
            }
        }

        var pair = Sequence("A", 0);
        foreach (var item in Sequence("B", 1))
        {
            pair.Add(item!.DeepClone());
        }

        return Element(new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = Sequence("A", 0),
            ["pair"] = pair,
            ["special_tokens"] = specials,
        });

        JsonArray Sequence(string name, int type)
        {
            var items = new JsonArray();
            AddSpecial(items, before?.Token, type);
            items.Add((JsonNode)new JsonObject { ["Sequence"] = new JsonObject { ["id"] = name, ["type_id"] = type } });
            AddSpecial(items, behind?.Token, type);
            return items;
        }
    }

    private static void AddSpecial(JsonArray items, string? token, int type)
    {
        if (token is not null)
        {
            items.Add((JsonNode)new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = token, ["type_id"] = type } });
        }
    }
}
