using System.Text.Json;
using Transfuse.Errors;
using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.Unigram;
using Transfuse.Tokenization.Words;

namespace Transfuse.Tokenization.Json;

/// <summary>Reads the contents of tokenizer.json into a definition.</summary>
internal static class TokenizerJsonReader
{
    /// <summary>Largest id that a file may use.</summary>
    public const int MaximumId = (1 << 24) - 1;

    private const int MaximumNesting = 64;

    /// <summary>Parses JSON.</summary>
    /// <exception cref="TokenizerException">It is not JSON; the message says at which line and byte.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json, string source)
    {
        if (json.Span.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
        {
            json = json[3..];
        }

        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaximumNesting });
        }
        catch (JsonException exception)
        {
            throw new TokenizerException(
                source, $"is not valid JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine}. Download or write the file again.", exception);
        }
    }

    /// <summary>The definition in the contents of tokenizer.json.</summary>
    /// <exception cref="TokenizerException">A part is missing, of the wrong kind or out of bounds.</exception>
    public static TokenizerDefinition Read(JsonElement root, string source)
    {
        var cursor = new JsonCursor(source, "", root);
        return new TokenizerDefinition
        {
            Model = ReadModel(cursor.Required("model")),
            AddedTokens = cursor.Optional("added_tokens") is { } added ? [.. added.Items().Select(ReadAddedToken)] : [],
            Normalizer = cursor.Optional("normalizer")?.Element.Clone(),
            PreTokenizer = cursor.Optional("pre_tokenizer")?.Element.Clone(),
            PostProcessor = cursor.Optional("post_processor")?.Element.Clone(),
            Decoder = cursor.Optional("decoder")?.Element.Clone(),
        };
    }

    /// <summary>One entry of <c>added_tokens</c>.</summary>
    public static AddedToken ReadAddedToken(JsonCursor cursor) => new(cursor.Required("content").String())
    {
        Id = cursor.Optional("id")?.Integer(0, MaximumId) ?? -1,
        SingleWord = cursor.Boolean("single_word", false),
        LeftStrip = cursor.Boolean("lstrip", false),
        RightStrip = cursor.Boolean("rstrip", false),
        Normalized = cursor.Boolean("normalized", true),
        Special = cursor.Boolean("special", false),
    };

    private static ModelDefinition ReadModel(JsonCursor cursor)
    {
        var type = cursor.String("type") ?? GuessType(cursor);
        return type switch
        {
            "BPE" => ReadBpe(cursor),
            "Unigram" => ReadUnigram(cursor),
            "WordPiece" => new WordPieceDefinition
            {
                Vocabulary = ReadVocabulary(cursor.Required("vocab")),
                UnknownToken = cursor.String("unk_token") ?? "[UNK]",
                ContinuingSubwordPrefix = cursor.String("continuing_subword_prefix") ?? "##",
                MaximumWordLength = cursor.Optional("max_input_chars_per_word")?.Integer(1, int.MaxValue) ?? 100,
            },
            "WordLevel" => new WordLevelDefinition
            {
                Vocabulary = ReadVocabulary(cursor.Required("vocab")),
                UnknownToken = cursor.String("unk_token") ?? "<unk>",
            },
            _ => throw cursor.Error($"is of type '{type}', which is not supported."),
        };
    }

    /// <summary>Old files have no type; the parts tell.</summary>
    private static string GuessType(JsonCursor cursor) =>
        cursor.Optional("merges") is not null ? "BPE"
        : cursor.Optional("vocab") is { Element.ValueKind: JsonValueKind.Array } ? "Unigram"
        : cursor.Optional("continuing_subword_prefix") is not null ? "WordPiece"
        : "WordLevel";

    private static BpeDefinition ReadBpe(JsonCursor cursor) => new()
    {
        Vocabulary = ReadVocabulary(cursor.Required("vocab")),
        Merges = [.. cursor.Required("merges").Items().Select(ReadMerge)],
        UnknownToken = cursor.String("unk_token"),
        ContinuingSubwordPrefix = cursor.String("continuing_subword_prefix"),
        EndOfWordSuffix = cursor.String("end_of_word_suffix"),
        FuseUnknown = cursor.Boolean("fuse_unk", false),
        ByteFallback = cursor.Boolean("byte_fallback", false),
        IgnoreMerges = cursor.Boolean("ignore_merges", false),
        Dropout = cursor.Optional("dropout")?.Number(),
    };

    private static (string, string) ReadMerge(JsonCursor cursor)
    {
        if (cursor.Element.ValueKind == JsonValueKind.Array)
        {
            return cursor.Element.GetArrayLength() == 2
                ? (new JsonCursor(cursor.Source, cursor.Key, cursor.Element[0]).String(), new JsonCursor(cursor.Source, cursor.Key, cursor.Element[1]).String())
                : throw cursor.Error($"has {cursor.Element.GetArrayLength()} parts, expected 2.");
        }

        var text = cursor.String();
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && space == text.LastIndexOf(' ') && space < text.Length - 1
            ? (text[..space], text[(space + 1)..])
            : throw cursor.Error($"is '{text}', expected two parts with one space between them.");
    }

    private static UnigramDefinition ReadUnigram(JsonCursor cursor) => new()
    {
        Pieces = [.. cursor.Required("vocab").Items().Select(ReadPiece)],
        UnknownId = cursor.Optional("unk_id")?.Integer(0, MaximumId),
        ByteFallback = cursor.Boolean("byte_fallback", false),
    };

    private static (string, double) ReadPiece(JsonCursor cursor)
    {
        cursor.Expect(JsonValueKind.Array);
        return cursor.Element.GetArrayLength() == 2
            ? (new JsonCursor(cursor.Source, cursor.Key, cursor.Element[0]).String(), new JsonCursor(cursor.Source, cursor.Key, cursor.Element[1]).Number())
            : throw cursor.Error($"has {cursor.Element.GetArrayLength()} parts, expected a piece and its score.");
    }

    /// <summary>Ids by string; an id may not leave gaps so large that a small file could demand much memory.</summary>
    public static Dictionary<string, int> ReadVocabulary(JsonCursor cursor)
    {
        cursor.Expect(JsonValueKind.Object);
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var taken = new HashSet<int>();
        foreach (var property in cursor.Element.EnumerateObject())
        {
            var value = new JsonCursor(cursor.Source, cursor.Key, property.Value);
            string name;
            try
            {
                name = property.Name;
            }
            catch (InvalidOperationException exception)
            {
                throw new TokenizerException(cursor.Source, $"'{cursor.Key}' has an entry with an unpaired surrogate or invalid UTF-8.", exception);
            }

            var id = value.Integer(0, MaximumId);
            if (!taken.Add(id) && !(vocabulary.TryGetValue(name, out var old) && old == id))
            {
                throw cursor.Error($"gives the id {id} to '{name}' and to another entry.");
            }

            vocabulary[name] = id;
        }

        var limit = (1 << 20) + (16L * vocabulary.Count);
        return taken.Count == 0 || taken.Max() <= limit
            ? vocabulary
            : throw cursor.Error($"has {vocabulary.Count} entries but ids up to {taken.Max()}.");
    }
}
