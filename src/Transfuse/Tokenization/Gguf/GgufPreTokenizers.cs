using System.Text.Json;
using System.Text.Json.Nodes;
using Transfuse.Tokenization.Json;
using Transfuse.Tokenization.Patterns;

namespace Transfuse.Tokenization.Gguf;

/// <summary>
/// How byte-level BPE tokenizers cut texts, under the names of <c>tokenizer.ggml.pre</c>: one regular expression after the other, each cutting
/// what the one before left, matches being pieces of their own.
/// </summary>
internal static class GgufPreTokenizers
{
    private const string Bytes = "bytes";
    private const string Digit = @"\p{N}";
    private const string ThreeDigits = "[0-9][0-9][0-9]";
    private const string Punctuation = @"[\p{P}\$\+<=>\^~\|]+";
    private const string PunctuationOfFalcon = @"[\p{P}\$\+<=>\^~\|`]+";
    private const string Contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
    private const string Capitalised = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+";
    private const string Capitals = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*";
    private const string Rest = @" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Gpt4o = $@"{Capitalised}{Contraction}|{Capitals}{Contraction}|\p{{N}}{{1,3}}|{Rest}";
    private const string Tekken = $@"{Capitalised}|{Capitals}|\p{{N}}|{Rest}";

    private const string Qwen35 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // The published tokenizers of the last group of names normalise to NFC; llama.cpp does not. The first name of a kind is the one that is written.
    private static readonly GgufPreTokenizer[] Kinds =
    [
        new([KnownPatterns.Gpt2], "gpt-2", "phi-2", "jina-es", "jina-de", "roberta-bpe", "trillion", "gigachat"),
        new([KnownPatterns.Gpt2], "mpt", "olmo", "jais") { UsesNfc = true },
        new([Digit, KnownPatterns.Gpt2], "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"),
        new([KnownPatterns.Llama3], "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1") { IgnoresMerges = true, AddsBos = true },
        new([KnownPatterns.Llama3], "dbrx", "smaug-bpe", "chatglm-bpe", "glm4"),
        new([KnownPatterns.Qwen2], "qwen2", "deepseek-r1-qwen", "hunyuan") { UsesNfc = true },
        new([KnownPatterns.Qwen2], "stablelm2"),
        new([Qwen35], "qwen35"),
        new([Gpt4o], "gpt-4o", "llama4"),
        new([Tekken], "tekken") { IgnoresMerges = true, AddsBos = true },
        new([PunctuationOfFalcon, KnownPatterns.Gpt2, ThreeDigits], "falcon"),
        new(["[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+", Digit], "deepseek-coder"),
        new([Punctuation, KnownPatterns.Gpt2, @"\p{N}+", ThreeDigits], "default"),
    ];

    /// <summary>All names that are known.</summary>
    internal static IEnumerable<string> Names => Kinds.SelectMany(kind => kind.Names);

    /// <summary>The kind of a name, or null.</summary>
    internal static GgufPreTokenizer? FromName(string name) => Array.Find(Kinds, kind => kind.Names.Contains(name, StringComparer.Ordinal));

    /// <summary>The name of what a tokenizer does, or null where there is none.</summary>
    internal static string? NameOf(TokenizerDefinition definition, bool ignoresMerges)
    {
        if (Steps(definition.PreTokenizer) is not { } steps)
        {
            return null;
        }

        var usesNfc = definition.Normalizer is { } normalizer && Type(normalizer) is "NFC";
        var same = Array.FindAll(Kinds, kind => steps.SequenceEqual([.. kind.Patterns, Bytes], StringComparer.Ordinal) && kind.IgnoresMerges == ignoresMerges);
        return (Array.Find(same, kind => kind.UsesNfc == usesNfc) ?? same.FirstOrDefault())?.Names[0];
    }

    /// <summary>The <c>pre_tokenizer</c> object of a kind.</summary>
    internal static JsonElement ToJson(GgufPreTokenizer kind)
    {
        // ByteLevel has GPT-2's expression built in, and published files use it so.
        var endsWithGpt2 = string.Equals(kind.Patterns[^1], KnownPatterns.Gpt2, StringComparison.Ordinal);
        var byteLevel = JsonParts.ByteLevel(addPrefixSpace: false, useRegex: endsWithGpt2);
        var steps = new JsonArray();
        foreach (var pattern in endsWithGpt2 ? kind.Patterns.SkipLast(1) : kind.Patterns)
        {
            steps.Add(string.Equals(pattern, Digit, StringComparison.Ordinal)
                ? (JsonNode)new JsonObject { ["type"] = "Digits", ["individual_digits"] = true }
                : JsonParts.Split(pattern));
        }

        if (steps.Count == 0)
        {
            return JsonParts.Element(byteLevel);
        }

        steps.Add((JsonNode)byteLevel);
        return JsonParts.Element(new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = steps });
    }

    /// <summary>The regular expressions of a pre-tokenizer and, last, that bytes become characters; null if it does something else.</summary>
    private static List<string>? Steps(JsonElement? preTokenizer)
    {
        if (preTokenizer is not { } json)
        {
            return null;
        }

        List<string> steps = [];
        var parts = Type(json) is "Sequence" ? json.GetProperty("pretokenizers").EnumerateArray() : (IEnumerable<JsonElement>)[json];
        foreach (var part in parts)
        {
            switch (Type(part))
            {
                case "ByteLevel" when !Flag(part, "add_prefix_space", absent: true):
                    steps.AddRange(Flag(part, "use_regex", absent: true) ? [KnownPatterns.Gpt2, Bytes] : [Bytes]);
                    break;
                case "Digits" when Flag(part, "individual_digits", absent: false):
                    steps.Add(Digit);
                    break;
                case "Split" when part.TryGetProperty("behavior", out var behavior) && behavior.ValueEquals("Isolated") && !Flag(part, "invert", absent: false)
                    && part.TryGetProperty("pattern", out var pattern) && pattern.TryGetProperty("Regex", out var regex):
                    steps.Add(regex.GetString() ?? "");
                    break;
                default:
                    return null;
            }
        }

        return steps;
    }

    private static string? Type(JsonElement part) => part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out var type) ? type.GetString() : null;

    private static bool Flag(JsonElement part, string name, bool absent) =>
        part.TryGetProperty(name, out var value) ? value.ValueKind == JsonValueKind.True : absent;
}
