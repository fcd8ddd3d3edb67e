using Transfuse.Errors;
using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.Normalizers;
using Transfuse.Tokenization.Unigram;
using Transfuse.Tokenization.Words;

namespace Transfuse.Tokenization.Json;

/// <summary>Builds a working tokenizer from a definition.</summary>
internal static class PipelineBuilder
{
    /// <summary>The tokenizer.</summary>
    /// <exception cref="TokenizerException">The parts do not fit together or one is not supported.</exception>
    public static PipelineTokenizer Build(TokenizerDefinition definition, string source)
    {
        var preTokenizer = definition.PreTokenizer is { } pre ? new JsonCursor(source, "pre_tokenizer", pre) : (JsonCursor?)null;
        var readsBytes = preTokenizer is { } cursor && PreTokenizerReader.EndsWithByteLevel(cursor)
            && definition.Model is BpeDefinition { ContinuingSubwordPrefix: null or "", EndOfWordSuffix: null or "", ByteFallback: false };
        TokenModel model = definition.Model switch
        {
            BpeDefinition bpe => new BpeModel(bpe, readsBytes, source),
            UnigramDefinition unigram => new UnigramModel(unigram, source),
            WordPieceDefinition wordPiece => new WordPieceModel(wordPiece, source),
            WordLevelDefinition wordLevel => new WordLevelModel(wordLevel, source),
            var other => throw new TokenizerException(source, $"a model of kind '{other.Kind}' is not supported."),
        };
        var normalizer = definition.Normalizer is { } json ? NormalizerReader.Read(new JsonCursor(source, "normalizer", json)) : null;
        definition = definition with { AddedTokens = AssignIds(definition.AddedTokens, model.Vocabulary) };
        var matched = definition.AddedTokens.Where(token => !(token.Special && definition.SplitsSpecialTokens)).ToList();
        var steps = new EncodingSteps(
            new AddedTokenMatcher(matched.Where(token => !token.Normalized).Select(token => (token.Content, token))),
            new AddedTokenMatcher(matched.Where(token => token.Normalized).Select(token => (Normalize(token, normalizer), token))),
            normalizer,
            preTokenizer is { } place ? PreTokenizerReader.Read(place, readsBytes) : null,
            model,
            definition.PostProcessor is { } post ? PostProcessorReader.Read(new JsonCursor(source, "post_processor", post)) : [null]);
        var catalog = new TokenCatalog(
            model.Vocabulary, definition.AddedTokens, token => token.Normalized ? Normalize(token, normalizer) : token.Content);
        foreach (var id in steps.Template)
        {
            if (id is { } special && catalog.Token(special) is null)
            {
                throw new TokenizerException(source, $"'post_processor' adds id {special}, which no token has.");
            }
        }

        var decoder = definition.Decoder is { } decoding ? DecoderReader.Read(new JsonCursor(source, "decoder", decoding)) : null;
        return new PipelineTokenizer(definition, steps, decoder, catalog);
    }

    private static string Normalize(AddedToken token, Normalizer? normalizer) => normalizer?.Apply(token.Content) ?? token.Content;

    /// <summary>
    /// Ids as the original assigns them when it reads a file: the vocabulary's id of the content, else the next free one. The ids in the
    /// file only give the order.
    /// </summary>
    private static List<AddedToken> AssignIds(IReadOnlyList<AddedToken> tokens, IReadOnlyDictionary<string, int> vocabulary)
    {
        var assigned = new List<AddedToken>(tokens.Count);
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        var next = vocabulary.Count;
        foreach (var token in tokens)
        {
            if (token.Content.Length == 0)
            {
                continue;
            }

            var isKnown = seen.TryGetValue(token.Content, out var id);
            if (!isKnown && !vocabulary.TryGetValue(token.Content, out id))
            {
                id = next++;
            }
            else if (id >= next)
            {
                next = id + 1;
            }

            if (isKnown)
            {
                assigned.RemoveAll(other => other.Id == id);
            }

            seen[token.Content] = id;
            assigned.Add(token with { Id = id });
        }

        return assigned;
    }
}
