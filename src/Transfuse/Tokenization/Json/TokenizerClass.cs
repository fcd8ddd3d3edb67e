using System.Text.Json;
using System.Text.Json.Nodes;
using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.SentencePiece;

namespace Transfuse.Tokenization.Json;

/// <summary>
/// What transformers 5 makes of a folder beyond its tokenizer.json: the class that tokenizer_config.json names builds some steps anew from that file's fields, and a few
/// fields count for every class. A class without an entry here keeps the steps of the file, and so does one whose file is not of its kind.
/// </summary>
internal static class TokenizerClass
{
    private const string Suffix = "Fast";

    private static readonly Dictionary<string, Func<TokenizerDefinition, JsonCursor, string, TokenizerDefinition>> Classes = new(StringComparer.Ordinal)
    {
        ["LlamaTokenizer"] = MarkSpaces,
        ["GPT2Tokenizer"] = PrefixSpace,
        ["Qwen2Tokenizer"] = PrefixSpace,
    };

    /// <summary>Whether the class takes merges from a SentencePiece model and finds its special tokens in texts, where that library itself would do neither.</summary>
    public static bool Converts(SentencePieceModel model, JsonCursor? configuration) =>
        model.Algorithm == SentencePieceAlgorithm.Bpe && Name(configuration) is { } name && Classes.TryGetValue(name, out var build) && build == MarkSpaces;

    /// <summary>The definition as the class runs it.</summary>
    /// <param name="definition">The contents of tokenizer.json, or what another file was converted to.</param>
    /// <param name="configuration">tokenizer_config.json, or null for a file alone.</param>
    /// <param name="source">File that the definition is from, for errors.</param>
    /// <exception cref="Errors.TokenizerException">A field is of the wrong kind.</exception>
    public static TokenizerDefinition Apply(TokenizerDefinition definition, JsonCursor? configuration, string source)
    {
        if (configuration is not { } fields)
        {
            return definition;
        }

        if (Name(configuration) is { } name && Classes.TryGetValue(name, out var build))
        {
            definition = build(definition, fields, source);
        }

        return definition with
        {
            AddedTokens = [.. definition.AddedTokens, .. ExtraTokens(definition, fields)],
            SplitsSpecialTokens = fields.Boolean("split_special_tokens", false),
            CleansUpSpaces = fields.Boolean("clean_up_tokenization_spaces", false) && definition.Model is not BpeDefinition,
        };
    }

    private static string? Name(JsonCursor? configuration)
    {
        var name = configuration?.String("tokenizer_class");
        return name is not null && name.EndsWith(Suffix, StringComparison.Ordinal) ? name[..^Suffix.Length] : name;
    }

    /// <summary>Special tokens that the configuration names, in a list or by roles of their own, and the file lacks.</summary>
    private static IEnumerable<AddedToken> ExtraTokens(TokenizerDefinition definition, JsonCursor fields)
    {
        var known = definition.AddedTokens.Select(token => token.Content).ToHashSet(StringComparer.Ordinal);
        foreach (var token in Items(fields.Optional("additional_special_tokens")).Concat(Items(fields.Optional("extra_special_tokens"))))
        {
            var added = token.Element.ValueKind == JsonValueKind.String ? new AddedToken(token.String()) : TokenizerJsonReader.ReadAddedToken(token) with { Id = -1 };
            if (known.Add(added.Content))
            {
                yield return added with { Special = true };
            }
        }
    }

    private static IEnumerable<JsonCursor> Items(JsonCursor? place) => place is not { } list ? []
        : list.Element.ValueKind == JsonValueKind.Object ? list.Element.EnumerateObject().Select(property => list with { Element = property.Value })
        : list.Items();

    /// <summary>
    /// Spaces become ▁ in a pre-tokenizer, where tokenizer.json may do it in its normalizer, with one in front of the text alone: of every stretch between special tokens
    /// if the configuration says <c>legacy</c>, of none if it says no to <c>add_prefix_space</c>. Byte-level files that claim this class are none of SentencePiece's and stay.
    /// </summary>
    private static TokenizerDefinition MarkSpaces(TokenizerDefinition definition, JsonCursor fields, string source)
    {
        if (definition.Model is not BpeDefinition { ByteFallback: true } || (definition.PreTokenizer is { } step && Type(new JsonCursor(source, "pre_tokenizer", step)) is not "Metaspace"))
        {
            return definition;
        }

        var scheme = !fields.Boolean("add_prefix_space", true) ? "never" : fields.Boolean("legacy", false) ? "always" : "first";
        return definition with
        {
            Normalizer = definition.Normalizer is { } normalizer ? WithoutMarks(new JsonCursor(source, "normalizer", normalizer)) : null,
            PreTokenizer = SentencePieceConverter.Metaspace(scheme, split: false),
            Decoder = SentencePieceConverter.MarkedDecoder(scheme),
        };
    }

    private static JsonElement? WithoutMarks(JsonCursor normalizer)
    {
        var steps = (Type(normalizer) is "Sequence" ? normalizer.Required("normalizers").Items() : [normalizer])
            .Where(step => Type(step) is not "Prepend" && !(Type(step) is "Replace" && step.Required("content").String() is "▁"))
            .ToList();
        return steps.Count == 0 ? null : Sequence("normalizers", steps.Select(Node));
    }

    /// <summary>Whether byte-level texts get a space in front is the configuration's to say, not the file's.</summary>
    private static TokenizerDefinition PrefixSpace(TokenizerDefinition definition, JsonCursor fields, string source)
    {
        if (definition.PreTokenizer is not { } json)
        {
            return definition;
        }

        var cursor = new JsonCursor(source, "pre_tokenizer", json);
        var prefix = fields.Boolean("add_prefix_space", false);
        JsonNode? WithPrefix(JsonCursor step) => Type(step) is "ByteLevel" ? JsonParts.ByteLevel(prefix, step.Boolean("use_regex", true)) : Node(step);
        return definition with
        {
            PreTokenizer = Type(cursor) is "Sequence"
                ? Sequence("pretokenizers", cursor.Required("pretokenizers").Items().Select(WithPrefix))
                : JsonParts.Element(WithPrefix(cursor)!),
        };
    }

    private static string Type(JsonCursor step) => step.Required("type").String();

    private static JsonNode? Node(JsonCursor step) => JsonNode.Parse(step.Element.GetRawText());

    private static JsonElement Sequence(string name, IEnumerable<JsonNode?> steps) => JsonParts.Element(new JsonObject { ["type"] = "Sequence", [name] = new JsonArray([.. steps]) });
}
