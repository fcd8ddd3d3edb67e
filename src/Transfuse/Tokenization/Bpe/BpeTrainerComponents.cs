using System.Text.Json;
using System.Text.Json.Nodes;
using Transfuse.Tokenization.Json;
using Transfuse.Tokenization.Normalizers;
using Transfuse.Tokenization.PreTokenizers;

namespace Transfuse.Tokenization.Bpe;

/// <summary>The steps around a trained byte-level model, as JSON and at work.</summary>
internal static class BpeTrainerComponents
{
    /// <summary>What happens to text before pieces are counted.</summary>
    public static (Normalizer? Normalizer, PreTokenizer PreTokenizer) BeforeModel(BpeTrainerOptions options)
    {
        const string Source = "BPE training options";
        var normalizer = NormalizerJson(options) is { } json ? NormalizerReader.Read(new JsonCursor(Source, "normalizer", json)) : null;
        return (normalizer, PreTokenizerReader.Read(new JsonCursor(Source, "pre_tokenizer", PreTokenizerJson(options)), modelReadsBytes: true));
    }

    /// <summary>The definition of a trained tokenizer.</summary>
    public static TokenizerDefinition Definition(
        BpeTrainerOptions options,
        List<string> specials,
        IReadOnlyDictionary<string, int> vocabulary,
        IReadOnlyList<(string Left, string Right)> merges) => new()
        {
            Model = new BpeDefinition { Vocabulary = vocabulary, Merges = merges },
            AddedTokens = [.. specials.Select(special => new AddedToken(special) { Id = vocabulary[special], Special = true })],
            Normalizer = NormalizerJson(options),
            PreTokenizer = PreTokenizerJson(options),
            PostProcessor = PostProcessorJson(options, vocabulary),
            Decoder = Element(ByteLevel(addPrefixSpace: true, useRegex: true)),
            BosToken = options.BosToken,
            EosToken = options.EosToken,
        };

    private static JsonElement? NormalizerJson(BpeTrainerOptions options) =>
        options.NormalizeFormC ? Element(new JsonObject { ["type"] = "NFC" }) : null;

    private static JsonElement PreTokenizerJson(BpeTrainerOptions options)
    {
        var parts = new JsonArray();
        if (options.SplitDigits)
        {
            parts.Add((JsonNode)new JsonObject { ["type"] = "Digits", ["individual_digits"] = true });
        }

        if (options.SplitPattern is { } pattern)
        {
            parts.Add((JsonNode)new JsonObject
            {
                ["type"] = "Split",
                ["pattern"] = new JsonObject { ["Regex"] = pattern },
                ["behavior"] = "Isolated",
                ["invert"] = false,
            });
        }

        var byteLevel = ByteLevel(options.AddPrefixSpace, useRegex: options.SplitPattern is null);
        if (parts.Count == 0)
        {
            return Element(byteLevel);
        }

        parts.Add((JsonNode)byteLevel);
        return Element(new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = parts });
    }

    private static JsonElement PostProcessorJson(BpeTrainerOptions options, IReadOnlyDictionary<string, int> vocabulary)
    {
        if (!options.AddBos && !options.AddEos)
        {
            return Element(ByteLevel(addPrefixSpace: false, useRegex: true, trimOffsets: false));
        }

        var specials = new JsonObject();
        foreach (var token in new[] { options.AddBos ? options.BosToken : null, options.AddEos ? options.EosToken : null })
        {
            if (token is not null)
            {
                specials[token] = new JsonObject { ["id"] = token, ["ids"] = new JsonArray(vocabulary[token]), ["tokens"] = new JsonArray(token) };
            }
        }

        var pair = Template(options, "A", 0);
        foreach (var item in Template(options, "B", 1))
        {
            pair.Add(item!.DeepClone());
        }

        return Element(new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = Template(options, "A", 0),
            ["pair"] = pair,
            ["special_tokens"] = specials,
        });
    }

    private static JsonArray Template(BpeTrainerOptions options, string sequence, int type)
    {
        var items = new JsonArray();
        if (options.AddBos)
        {
            items.Add((JsonNode)new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = options.BosToken, ["type_id"] = type } });
        }

        items.Add((JsonNode)new JsonObject { ["Sequence"] = new JsonObject { ["id"] = sequence, ["type_id"] = type } });
        if (options.AddEos)
        {
            items.Add((JsonNode)new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = options.EosToken, ["type_id"] = type } });
        }

        return items;
    }

    private static JsonObject ByteLevel(bool addPrefixSpace, bool useRegex, bool trimOffsets = true) => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = addPrefixSpace,
        ["trim_offsets"] = trimOffsets,
        ["use_regex"] = useRegex,
    };

    private static JsonElement Element(JsonObject node)
    {
        using var document = JsonDocument.Parse(node.ToJsonString());
        return document.RootElement.Clone();
    }
}
