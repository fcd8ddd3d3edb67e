using System.Text.Json;
using System.Text.Json.Nodes;
using Transfuse.Errors;
using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.Json;
using Transfuse.Tokenization.Unigram;

namespace Transfuse.Tokenization.SentencePiece;

/// <summary>
/// A SentencePiece model in the form of tokenizer.json, as transformers converts it. Encodes like the model except where the two
/// libraries differ (special tokens written in texts; character maps on clusters).
/// </summary>
internal static class SentencePieceConverter
{
    /// <summary>The pre-tokenizer that writes spaces as ▁.</summary>
    /// <param name="scheme">Where a mark is put in front: <c>first</c>, <c>always</c> or <c>never</c>.</param>
    /// <param name="split">Whether a piece begins at each mark.</param>
    public static JsonElement Metaspace(string scheme, bool split) =>
        JsonParts.Parse($$"""{"type":"Metaspace","replacement":"▁","prepend_scheme":"{{scheme}}","split":{{(split ? "true" : "false")}}}""");

    /// <summary>The decoder of tokens that may be bytes; it takes away the space that the scheme has put in front.</summary>
    /// <param name="scheme">As for <see cref="Metaspace"/>.</param>
    public static JsonElement MarkedDecoder(string scheme)
    {
        var strip = scheme is "never" ? "" : """,{"type":"Strip","content":" ","start":1,"stop":0}""";
        return JsonParts.Parse($$"""{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}{{strip}}]}""");
    }

    /// <summary>Converts a model.</summary>
    /// <param name="model">Unigram or BPE model.</param>
    /// <param name="scheme">Where a mark is put in front, in case the model does so: <c>first</c>, or <c>always</c> for legacy behaviour.</param>
    /// <param name="mergesByScore">
    /// Whether merges are ranked by score, as the model itself does it, or by id, as transformers 5 does it: these differ for the runs of spaces of
    /// Llama 2, whose ids are low and whose scores are worst.
    /// </param>
    /// <param name="addBos">Whether encoding puts the BOS id in front.</param>
    /// <param name="addEos">Whether encoding puts the EOS id behind.</param>
    /// <param name="source">File named in errors.</param>
    /// <exception cref="TokenizerException">Word and character models have no such form.</exception>
    public static TokenizerDefinition Convert(SentencePieceModel model, string scheme, bool mergesByScore, bool addBos, bool addEos, string source)
    {
        var isBpe = model.Algorithm == SentencePieceAlgorithm.Bpe;
        if (!isBpe && model.Algorithm != SentencePieceAlgorithm.Unigram)
        {
            throw new TokenizerException(source, $"a SentencePiece model of type {model.Algorithm} has no form as tokenizer.json.");
        }

        scheme = model.AddDummyPrefix ? scheme : "never";
        var (bos, eos) = (Token(model, model.BosId), Token(model, model.EosId));
        var metaspace = Metaspace(scheme, split: !isBpe);
        return new TokenizerDefinition
        {
            Model = isBpe ? ConvertBpe(model, mergesByScore) : ConvertUnigram(model),
            AddedTokens = [.. model.Pieces.Select(ToAddedToken).OfType<AddedToken>()],
            Normalizer = NormalizerJson(model),
            PreTokenizer = metaspace,
            PostProcessor = JsonParts.Template(addBos ? bos : null, addEos ? eos : null),
            Decoder = isBpe || model.ByteFallback ? MarkedDecoder(scheme) : metaspace,
            BosToken = bos?.Token,
            EosToken = eos?.Token,
        };
    }

    private static (string Token, int Id)? Token(SentencePieceModel model, int id) =>
        (uint)id < (uint)model.Pieces.Count ? (model.Pieces[id].Text, id) : null;

    private static AddedToken? ToAddedToken((string Text, float Score, PieceType Type) piece, int id) => piece.Type switch
    {
        PieceType.Control or PieceType.Unknown => new AddedToken(piece.Text) { Id = id, Special = true },
        PieceType.UserDefined => new AddedToken(piece.Text) { Id = id },
        _ => null,
    };

    private static JsonElement? NormalizerJson(SentencePieceModel model)
    {
        var parts = new JsonArray();
        if (model.CharacterMap.Length > 0)
        {
            parts.Add((JsonNode)new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = System.Convert.ToBase64String(model.CharacterMap) });
        }

        if (model.RemoveExtraWhitespaces)
        {
            parts.Add((JsonNode)new JsonObject { ["type"] = "Strip", ["strip_left"] = true, ["strip_right"] = true });
            parts.Add((JsonNode)new JsonObject
            {
                ["type"] = "Replace",
                ["pattern"] = new JsonObject { ["Regex"] = " {2,}" },
                ["content"] = " ",
            });
        }

        return parts.Count == 0 ? null : JsonParts.Element(new JsonObject { ["type"] = "Sequence", ["normalizers"] = parts });
    }

    private static UnigramDefinition ConvertUnigram(SentencePieceModel model) => new()
    {
        Pieces = [.. model.Pieces.Select(piece => (piece.Text, (double)piece.Score))],
        UnknownId = model.UnknownId,
        ByteFallback = model.ByteFallback,
    };

    private static BpeDefinition ConvertBpe(SentencePieceModel model, bool mergesByScore)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < model.Pieces.Count; id++)
        {
            vocabulary.TryAdd(model.Pieces[id].Text, id);
        }

        return new BpeDefinition
        {
            Vocabulary = vocabulary,
            Merges = Merges(model, vocabulary, mergesByScore),
            UnknownToken = model.Pieces[model.UnknownId].Text,
            FuseUnknown = true,
            ByteFallback = model.ByteFallback,
        };
    }

    /// <summary>Every split of every piece into two pieces: by score from the best, longer parts first; or by id, shorter parts first.</summary>
    private static List<(string, string)> Merges(SentencePieceModel model, Dictionary<string, int> vocabulary, bool byScore)
    {
        var merges = new List<(string Left, string Right, float Score, int Id, int Order)>();
        var order = 0;
        foreach (var (text, score, type) in model.Pieces)
        {
            if (type is PieceType.Control or PieceType.Unknown)
            {
                continue;
            }

            var splits = new List<(string Left, string Right)>();
            for (var i = 1; i < text.Length; i++)
            {
                if (!char.IsLowSurrogate(text[i]) && vocabulary.ContainsKey(text[..i]) && vocabulary.ContainsKey(text[i..]))
                {
                    splits.Add((text[..i], text[i..]));
                }
            }

            foreach (var (left, right) in splits.OrderBy(split => vocabulary[split.Left]).ThenBy(split => vocabulary[split.Right]))
            {
                merges.Add((left, right, score, vocabulary[text], order++));
            }
        }

        var ranked = byScore
            ? merges.OrderByDescending(merge => merge.Score).ThenByDescending(merge => Length(merge.Left)).ThenByDescending(merge => Length(merge.Right))
            : merges.OrderBy(merge => merge.Id).ThenBy(merge => Length(merge.Left)).ThenBy(merge => Length(merge.Right));
        return [.. ranked.ThenBy(merge => merge.Order).Select(merge => (merge.Left, merge.Right))];
    }

    private static int Length(string text) => text.EnumerateRunes().Count();
}
