using System.Globalization;
using System.Text.Json;
using Transfuse.Errors;
using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.Json;
using Transfuse.Tokenization.SentencePiece;
using Transfuse.Tokenization.Unigram;

namespace Transfuse.Tokenization.Gguf;

/// <summary>The keys of a GGUF file for a tokenizer.</summary>
internal static class GgufTokenizerWriter
{
    private const string Prefix = "tokenizer.ggml.";

    /// <summary>The keys.</summary>
    /// <param name="tokenizer">A tokenizer in the form of tokenizer.json.</param>
    /// <param name="scores">Scores by token, from the SentencePiece model; null ranks tokens by their merges.</param>
    /// <param name="rows">Rows of the model's embedding; ids without token are padded.</param>
    /// <param name="source">Named in errors.</param>
    /// <param name="warn">Hears what llama.cpp will do differently.</param>
    /// <exception cref="TokenizerException">GGUF has no form for such a tokenizer.</exception>
    public static List<KeyValuePair<string, object>> Keys(
        PipelineTokenizer tokenizer, IReadOnlyDictionary<string, float>? scores, int rows, string source, Action<string> warn)
    {
        var definition = tokenizer.Definition;
        if (tokenizer.VocabularySize > rows)
        {
            throw new TokenizerException(source, $"has ids up to {tokenizer.VocabularySize - 1}, but the model's embedding has {rows} rows. They are of different models.");
        }

        var isByteLevel = definition.Model is BpeDefinition { ByteFallback: false };
        List<KeyValuePair<string, object>> keys = [];
        void Add(string key, object value) => keys.Add(new(Prefix + key, value));
        var (kind, pre) = definition.Model switch
        {
            BpeDefinition bpe when isByteLevel => ("gpt2", PreTokenizer(definition, bpe, warn)),
            BpeDefinition => ("llama", "default"),
            UnigramDefinition => ("t5", "default"),
            _ => throw new TokenizerException(source, $"has a model of kind '{definition.Model.Kind}', which GGUF has no form for."),
        };
        Add("model", kind);
        Add("pre", pre);
        Add("tokens", Tokens(tokenizer, rows));
        if (!isByteLevel)
        {
            Add("scores", Scores(tokenizer, definition.Model, scores, rows));
        }

        Add("token_type", Types(tokenizer, rows, definition.Model));
        if (isByteLevel)
        {
            Add("merges", ((BpeDefinition)definition.Model).Merges.Select(merge => $"{merge.Left} {merge.Right}").ToArray());
        }

        AddBehaviour(tokenizer, definition, isByteLevel, Add);
        AddRoles(tokenizer, definition, Add);
        keys.Add(new(GgufTokenizerReader.HuggingFaceKey, System.Text.Encoding.UTF8.GetString(TokenizerJsonWriter.Write(definition))));
        return keys;
    }

    private static string PreTokenizer(TokenizerDefinition definition, BpeDefinition bpe, Action<string> warn)
    {
        if (GgufPreTokenizers.NameOf(definition, bpe.IgnoreMerges) is { } name)
        {
            return name;
        }

        warn("llama.cpp has no name for the way in which this tokenizer cuts texts; 'default' is written, and llama.cpp will give other ids. Transfuse reads the tokenizer.json that the file keeps.");
        return "default";
    }

    private static string[] Tokens(PipelineTokenizer tokenizer, int rows) =>
        [.. Enumerable.Range(0, rows).Select(id => tokenizer.TokenString(id) ?? string.Create(CultureInfo.InvariantCulture, $"[PAD{id}]"))];

    private static int[] Types(PipelineTokenizer tokenizer, int rows, ModelDefinition model)
    {
        var types = new int[rows];
        for (var id = 0; id < rows; id++)
        {
            types[id] = (int)(tokenizer.TokenString(id) is { } token ? IsByte(token, model) ? PieceType.Byte : PieceType.Normal : PieceType.Unused);
        }

        foreach (var added in tokenizer.Definition.AddedTokens)
        {
            types[added.Id] = (int)(added.Special ? PieceType.Control : PieceType.UserDefined);
        }

        if (UnknownId(tokenizer, model) is { } unknown)
        {
            types[unknown] = (int)PieceType.Unknown;
        }

        return types;
    }

    private static bool IsByte(string token, ModelDefinition model) =>
        model is BpeDefinition { ByteFallback: true } or UnigramDefinition { ByteFallback: true }
        && token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
        && byte.TryParse(token.AsSpan(3, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out _);

    /// <summary>llama.cpp merges what has the best score, so a token without one is worth as much as its first merge comes early.</summary>
    private static float[] Scores(PipelineTokenizer tokenizer, ModelDefinition model, IReadOnlyDictionary<string, float>? known, int rows)
    {
        var scores = new float[rows];
        if (known is not null)
        {
            for (var id = 0; id < rows; id++)
            {
                scores[id] = tokenizer.TokenString(id) is { } token ? known.GetValueOrDefault(token) : 0;
            }

            return scores;
        }

        if (model is UnigramDefinition unigram)
        {
            for (var id = 0; id < unigram.Pieces.Count; id++)
            {
                scores[id] = (float)unigram.Pieces[id].Score;
            }

            return scores;
        }

        var bpe = (BpeDefinition)model;
        for (var rank = bpe.Merges.Count - 1; rank >= 0; rank--)
        {
            if (bpe.Vocabulary.TryGetValue(bpe.Merges[rank].Left + bpe.Merges[rank].Right, out var id))
            {
                scores[id] = -1 - rank;
            }
        }

        return scores;
    }

    /// <summary>What the tokenizer adds to a text shows in the ids of one.</summary>
    private static void AddBehaviour(PipelineTokenizer tokenizer, TokenizerDefinition definition, bool isByteLevel, Action<string, object> add)
    {
        var ids = tokenizer.Encode("a").Ids;
        var plain = tokenizer.Encode("a", addSpecialTokens: false).Ids;
        add("add_bos_token", ids.Length > plain.Length && ids[0] == tokenizer.BosId);
        add("add_eos_token", ids.Length > plain.Length && ids[^1] == tokenizer.EosId);
        if (isByteLevel)
        {
            return;
        }

        add("add_space_prefix", plain.Length > 0 && tokenizer.TokenString(plain[0])!.StartsWith('▁'));
        add("remove_extra_whitespaces", tokenizer.Encode("a  a", addSpecialTokens: false).Ids.SequenceEqual(tokenizer.Encode("a a", addSpecialTokens: false).Ids));
        if (definition.Normalizer is { } normalizer && CharacterMap(normalizer) is { } map)
        {
            add("precompiled_charsmap", map);
        }
    }

    private static byte[]? CharacterMap(JsonElement normalizer)
    {
        if (normalizer.TryGetProperty("precompiled_charsmap", out var map))
        {
            return map.ValueKind == JsonValueKind.String ? map.GetBytesFromBase64() : null;
        }

        return normalizer.TryGetProperty("normalizers", out var parts) ? parts.EnumerateArray().Select(CharacterMap).FirstOrDefault(found => found is not null) : null;
    }

    private static void AddRoles(PipelineTokenizer tokenizer, TokenizerDefinition definition, Action<string, object> add)
    {
        void Role(string name, int? id)
        {
            if (id is { } known)
            {
                add($"{name}_token_id", (uint)known);
            }
        }

        Role("bos", tokenizer.BosId);
        Role("eos", tokenizer.EosId);
        Role("unknown", UnknownId(tokenizer, definition.Model));
        Role("padding", definition.Configuration is { } configuration && configuration.TryGetProperty("pad_token", out var pad)
            ? tokenizer.TokenId((pad.ValueKind == JsonValueKind.Object && pad.TryGetProperty("content", out var content) ? content : pad).ToString())
            : null);
    }

    private static int? UnknownId(PipelineTokenizer tokenizer, ModelDefinition model) => model switch
    {
        BpeDefinition { UnknownToken: { } token } => tokenizer.TokenId(token),
        UnigramDefinition unigram => unigram.UnknownId,
        _ => null,
    };
}
