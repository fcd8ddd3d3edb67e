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
            Decoder = JsonParts.Element(JsonParts.ByteLevel(addPrefixSpace: true, useRegex: true)),
            BosToken = options.BosToken,
            EosToken = options.EosToken,
        };

    private static JsonElement? NormalizerJson(BpeTrainerOptions options) => options.NormalizeFormC ? JsonParts.Parse("""{"type":"NFC"}""") : null;

    private static JsonElement PreTokenizerJson(BpeTrainerOptions options)
    {
        var parts = new JsonArray();
        if (options.SplitDigits)
        {
            parts.Add((JsonNode)new JsonObject { ["type"] = "Digits", ["individual_digits"] = true });
        }

        if (options.SplitPattern is { } pattern)
        {
            parts.Add((JsonNode)JsonParts.Split(pattern));
        }

        var byteLevel = JsonParts.ByteLevel(options.AddPrefixSpace, useRegex: options.SplitPattern is null);
        if (parts.Count == 0)
        {
            return JsonParts.Element(byteLevel);
        }

        parts.Add((JsonNode)byteLevel);
        return JsonParts.Element(new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = parts });
    }

    private static JsonElement PostProcessorJson(BpeTrainerOptions options, IReadOnlyDictionary<string, int> vocabulary)
    {
        (string, int)? before = options.AddBos ? (options.BosToken!, vocabulary[options.BosToken!]) : null;
        (string, int)? behind = options.AddEos ? (options.EosToken!, vocabulary[options.EosToken!]) : null;
        return before is null && behind is null
            ? JsonParts.Element(JsonParts.ByteLevel(addPrefixSpace: false, useRegex: true, trimOffsets: false))
            : JsonParts.Template(before, behind);
    }
}
