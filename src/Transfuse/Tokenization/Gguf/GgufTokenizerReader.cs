using System.Text.Json;
using System.Text.Json.Nodes;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Errors;
using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.Json;
using Transfuse.Tokenization.SentencePiece;
using Transfuse.Tokenization.Unigram;

namespace Transfuse.Tokenization.Gguf;

/// <summary>
/// The tokenizer in the keys of a GGUF file: byte-level BPE (<c>gpt2</c>), SentencePiece BPE by scores (<c>llama</c>) or unigram (<c>t5</c>). A
/// tokenizer.json that the file holds under <c>tokenizer.huggingface.json</c> is taken if it has the same tokens.
/// </summary>
internal static class GgufTokenizerReader
{
    /// <summary>Key of a whole tokenizer.json.</summary>
    internal const string HuggingFaceKey = "tokenizer.huggingface.json";

    /// <summary>Key of the template of chats.</summary>
    internal const string ChatTemplateKey = "tokenizer.chat_template";

    private const string Prefix = "tokenizer.ggml.";
    private const int Bytes = 256;

    /// <summary>The definition of a file's tokenizer.</summary>
    /// <exception cref="TokenizerException">There is none, or it is of a kind that is not known.</exception>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    public static TokenizerDefinition Read(string path)
    {
        using var file = GgufFile.Open(path);
        var metadata = file.Metadata;
        var model = metadata.Text(Prefix + "model");
        var tokens = metadata.Texts(Prefix + "tokens");
        if (model is null || tokens is null)
        {
            throw new TokenizerException(path, $"holds no tokenizer (it lacks '{Prefix}model' or '{Prefix}tokens'); name a tokenizer of its own.");
        }

        if (tokens.Length - 1 > TokenizerJsonReader.MaximumId)
        {
            throw new TokenizerException(path, $"has {tokens.Length:N0} tokens; at most {TokenizerJsonReader.MaximumId + 1:N0} are possible.");
        }

        var types = Types(metadata, tokens.Length, path);
        var definition = Embedded(metadata, tokens, path) ?? model switch
        {
            "gpt2" => ReadBytePairs(metadata, tokens, types, path),
            "llama" => ReadSentencePieces(metadata, tokens, types, SentencePieceAlgorithm.Bpe, path),
            "t5" => ReadSentencePieces(metadata, tokens, types, SentencePieceAlgorithm.Unigram, path),
            _ => throw new TokenizerException(path, $"has a tokenizer of the kind '{model}', which is not supported; supported: gpt2, llama, t5."),
        };
        return definition with
        {
            BosToken = Token(metadata, "bos", tokens),
            EosToken = Token(metadata, "eos", tokens),
            Configuration = Configuration(metadata, tokens),
        };
    }

    private static TokenizerDefinition? Embedded(GgufMetadata metadata, string[] tokens, string path)
    {
        if (metadata.Text(HuggingFaceKey) is not { } json)
        {
            return null;
        }

        using var document = TokenizerJsonReader.Parse(System.Text.Encoding.UTF8.GetBytes(json), path);
        var definition = TokenizerJsonReader.Read(document.RootElement, path);
        var isSame = definition.Model switch
        {
            BpeDefinition bpe => bpe.Vocabulary.All(entry => entry.Value < tokens.Length && string.Equals(tokens[entry.Value], entry.Key, StringComparison.Ordinal)),
            UnigramDefinition unigram => unigram.Pieces.Count <= tokens.Length
                && unigram.Pieces.Select((piece, id) => string.Equals(tokens[id], piece.Piece, StringComparison.Ordinal)).All(same => same),
            _ => false,
        };
        return isSame ? definition : null;
    }

    private static TokenizerDefinition ReadBytePairs(GgufMetadata metadata, string[] tokens, PieceType[] types, string path)
    {
        var name = metadata.Text(Prefix + "pre") ?? "default";
        var kind = GgufPreTokenizers.FromName(name) ?? throw new TokenizerException(
            path, $"cuts texts in the way '{name}' ('{Prefix}pre'), which is not known; known: {string.Join(", ", GgufPreTokenizers.Names)}. Use the tokenizer.json of the model.");
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        List<AddedToken> added = [];
        for (var id = 0; id < tokens.Length; id++)
        {
            if (types[id] == PieceType.Unused || tokens[id].Length == 0 || !vocabulary.TryAdd(tokens[id], id))
            {
                continue;
            }

            if (types[id] is PieceType.Control or PieceType.Unknown or PieceType.UserDefined)
            {
                added.Add(new AddedToken(tokens[id]) { Id = id, Special = types[id] != PieceType.UserDefined });
            }
        }

        var addsBos = metadata.Boolean(Prefix + "add_bos_token") ?? kind.AddsBos;
        var addsEos = metadata.Boolean(Prefix + "add_eos_token") ?? false;
        return new TokenizerDefinition
        {
            Model = new BpeDefinition { Vocabulary = vocabulary, Merges = Merges(metadata, vocabulary, path), IgnoreMerges = kind.IgnoresMerges },
            AddedTokens = added,
            Normalizer = kind.UsesNfc ? JsonParts.Parse("""{"type":"NFC"}""") : null,
            PreTokenizer = GgufPreTokenizers.ToJson(kind),
            PostProcessor = addsBos || addsEos
                ? JsonParts.Template(addsBos ? Special(metadata, "bos", tokens) : null, addsEos ? Special(metadata, "eos", tokens) : null)
                : null,
            Decoder = JsonParts.Element(JsonParts.ByteLevel(addPrefixSpace: true, useRegex: true)),
        };
    }

    /// <summary>"a b" each; a part may begin with a space, so the first character never separates.</summary>
    private static List<(string, string)> Merges(GgufMetadata metadata, Dictionary<string, int> vocabulary, string path)
    {
        var texts = metadata.Texts(Prefix + "merges") ?? throw new TokenizerException(path, $"lacks the key '{Prefix}merges'; the file is damaged.");
        var merges = new List<(string, string)>(texts.Length);
        foreach (var text in texts)
        {
            var space = text.Length < 3 ? -1 : text.IndexOf(' ', 1);
            if (space < 0 || space == text.Length - 1)
            {
                throw new TokenizerException(path, $"merge {merges.Count} is '{text}', expected two parts with a space between them.");
            }

            var (left, right) = (text[..space], text[(space + 1)..]);
            if (!vocabulary.ContainsKey(left) || !vocabulary.ContainsKey(right) || !vocabulary.ContainsKey(left + right))
            {
                throw new TokenizerException(path, $"merge {merges.Count}, '{text}', is of parts that are no tokens. The file is damaged; fetch it again.");
            }

            merges.Add((left, right));
        }

        return merges;
    }

    private static TokenizerDefinition ReadSentencePieces(
        GgufMetadata metadata, string[] tokens, PieceType[] types, SentencePieceAlgorithm algorithm, string path)
    {
        var scores = metadata.Singles(Prefix + "scores");
        if (scores is null || scores.Length != tokens.Length || Array.Exists(scores, score => !float.IsFinite(score)))
        {
            throw new TokenizerException(path, $"has {scores?.Length.ToString("N0", null) ?? "no"} scores, or infinite ones, for {tokens.Length:N0} tokens; the file is damaged.");
        }

        var unknown = metadata.Int32(Prefix + "unknown_token_id", 0, tokens.Length - 1) ?? Math.Max(0, Array.IndexOf(types, PieceType.Unknown));
        var model = new SentencePieceModel
        {
            Pieces = [.. tokens.Select((text, id) => (text, scores[id], id == unknown ? PieceType.Unknown : types[id] == PieceType.Unknown ? PieceType.Unused : types[id]))],
            Algorithm = algorithm,
            ByteFallback = types.Count(type => type == PieceType.Byte) == Bytes,
            UnknownId = unknown,
            BosId = metadata.Int32(Prefix + "bos_token_id") ?? -1,
            EosId = metadata.Int32(Prefix + "eos_token_id") ?? -1,
            CharacterMap = metadata.Bytes(Prefix + "precompiled_charsmap") ?? [],
            AddDummyPrefix = metadata.Boolean(Prefix + "add_space_prefix") ?? true,
            RemoveExtraWhitespaces = metadata.Boolean(Prefix + "remove_extra_whitespaces") ?? algorithm == SentencePieceAlgorithm.Unigram,
        };
        var isLlama = algorithm == SentencePieceAlgorithm.Bpe;
        var definition = SentencePieceConverter.Convert(
            model, "always", mergesByScore: true, metadata.Boolean(Prefix + "add_bos_token") ?? isLlama, metadata.Boolean(Prefix + "add_eos_token") ?? !isLlama, path);
        return isLlama ? definition with { Normalizer = Marks(model, definition.Normalizer), PreTokenizer = null } : definition;
    }

    /// <summary>
    /// llama.cpp, like Llama 2's own tokenizer.json, puts a mark before each text between special tokens even if it begins with a space, which
    /// the usual pre-tokenizer of converted models does not.
    /// </summary>
    private static JsonElement Marks(SentencePieceModel model, JsonElement? before)
    {
        var steps = new JsonArray();
        if (before is { } normalizer)
        {
            steps.Add(JsonNode.Parse(normalizer.GetRawText()));
        }

        if (model.AddDummyPrefix)
        {
            steps.Add(JsonNode.Parse("""{"type":"Prepend","prepend":"▁"}"""));
        }

        steps.Add(JsonNode.Parse("""{"type":"Replace","pattern":{"String":" "},"content":"▁"}"""));
        return JsonParts.Element(new JsonObject { ["type"] = "Sequence", ["normalizers"] = steps });
    }

    private static PieceType[] Types(GgufMetadata metadata, int count, string path)
    {
        var numbers = metadata.Int32s(Prefix + "token_type");
        if (numbers is null)
        {
            var all = new PieceType[count];
            Array.Fill(all, PieceType.Normal);
            return all;
        }

        return numbers.Length == count && Array.TrueForAll(numbers, number => number is >= (int)PieceType.Normal and <= (int)PieceType.Byte)
            ? Array.ConvertAll(numbers, number => (PieceType)number)
            : throw new TokenizerException(path, $"has {numbers.Length:N0} token types for {count:N0} tokens, or types other than 1 to 6; the file is damaged.");
    }

    private static (string Token, int Id)? Special(GgufMetadata metadata, string role, string[] tokens) =>
        metadata.Int32($"{Prefix}{role}_token_id") is { } id && id < tokens.Length ? (tokens[id], id) : null;

    private static string? Token(GgufMetadata metadata, string role, string[] tokens) => Special(metadata, role, tokens)?.Token;

    /// <summary>What tokenizer_config.json would say.</summary>
    private static JsonElement Configuration(GgufMetadata metadata, string[] tokens)
    {
        var configuration = new JsonObject { ["clean_up_tokenization_spaces"] = false, ["tokenizer_class"] = "PreTrainedTokenizerFast" };
        foreach (var (role, key) in new[] { ("bos", "bos_token"), ("eos", "eos_token"), ("unknown", "unk_token"), ("padding", "pad_token") })
        {
            if (Token(metadata, role, tokens) is { } token)
            {
                configuration[key] = token;
            }
        }

        if (metadata.Text(ChatTemplateKey) is { } template)
        {
            configuration["chat_template"] = template;
        }

        return JsonParts.Element(configuration);
    }
}
