using System.Text.Json.Nodes;
using Transfuse.Errors;
using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.Patterns;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Json;

/// <summary>Reads the older pair of files of byte-level BPE: <c>vocab.json</c> and <c>merges.txt</c>.</summary>
internal static class Gpt2FilesReader
{
    /// <summary>The definition in such files.</summary>
    /// <param name="vocabularyFile">Contents and path of vocab.json.</param>
    /// <param name="mergesFile">Contents and path of merges.txt.</param>
    /// <param name="configuration">tokenizer_config.json, which names the family and its added tokens; or null for GPT-2.</param>
    /// <exception cref="TokenizerException">A file is not of its format.</exception>
    public static TokenizerDefinition Read((byte[] Contents, string Path) vocabularyFile, (byte[] Contents, string Path) mergesFile, JsonCursor? configuration)
    {
        using var document = TokenizerJsonReader.Parse(vocabularyFile.Contents, vocabularyFile.Path);
        var vocabulary = TokenizerJsonReader.ReadVocabulary(new JsonCursor(vocabularyFile.Path, "", document.RootElement));
        var isQwen = configuration?.String("tokenizer_class") is { } family && family.StartsWith("Qwen2", StringComparison.Ordinal);
        var addPrefixSpace = configuration?.Boolean("add_prefix_space", false) ?? false;
        var byteLevel = JsonParts.ByteLevel(addPrefixSpace, useRegex: !isQwen, trimOffsets: false);
        return new TokenizerDefinition
        {
            Model = new BpeDefinition { Vocabulary = vocabulary, Merges = ReadMerges(mergesFile) },
            AddedTokens = ReadAddedTokens(configuration, vocabulary),
            Normalizer = isQwen ? JsonParts.Parse("""{"type":"NFC"}""") : null,
            PreTokenizer = isQwen
                ? JsonParts.Element(new JsonObject
                {
                    ["type"] = "Sequence",
                    ["pretokenizers"] = new JsonArray(JsonParts.Split(KnownPatterns.Qwen2), byteLevel),
                })
                : JsonParts.Element(byteLevel),
            PostProcessor = JsonParts.Element(JsonParts.ByteLevel(addPrefixSpace: false, useRegex: !isQwen, trimOffsets: false)),
            Decoder = JsonParts.Element(JsonParts.ByteLevel(addPrefixSpace: true, useRegex: true)),
        };
    }

    private static List<(string, string)> ReadMerges((byte[] Contents, string Path) file)
    {
        var merges = new List<(string, string)>();
        var number = 0;
        foreach (var line in Utf8.String(file.Contents).Split('\n'))
        {
            number++;
            var text = line.TrimEnd('\r');
            if (text.Length == 0 || (number == 1 && text.StartsWith("#version", StringComparison.Ordinal)))
            {
                continue;
            }

            var space = text.IndexOf(' ', StringComparison.Ordinal);
            if (space <= 0 || space == text.Length - 1 || text.IndexOf(' ', space + 1) >= 0)
            {
                throw new TokenizerException(file.Path, $"line {number} is '{text}', expected two parts with one space between them.");
            }

            merges.Add((text[..space], text[(space + 1)..]));
        }

        return merges;
    }

    private static List<AddedToken> ReadAddedTokens(JsonCursor? configuration, Dictionary<string, int> vocabulary)
    {
        if (configuration?.Optional("added_tokens_decoder") is { } tokens)
        {
            tokens.Expect(System.Text.Json.JsonValueKind.Object);
            return [.. tokens.Element.EnumerateObject()
                .Select(token => TokenizerJsonReader.ReadAddedToken(tokens.Required(token.Name)) with { Id = ParseId(tokens, token.Name) })
                .OrderBy(token => token.Id)];
        }

        const string EndOfText = "<|endoftext|>";
        return vocabulary.TryGetValue(EndOfText, out var id) ? [new AddedToken(EndOfText) { Id = id, Special = true }] : [];
    }

    private static int ParseId(JsonCursor tokens, string key) =>
        int.TryParse(key, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var id) && id <= TokenizerJsonReader.MaximumId
            ? id
            : throw tokens.Error($"has the key '{key}', expected an id.");
}
