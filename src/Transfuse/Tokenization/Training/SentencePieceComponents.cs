using System.Globalization;
using System.Text.Json;
using Transfuse.Errors;
using Transfuse.Tokenization.Json;
using Transfuse.Tokenization.Normalizers;
using Transfuse.Tokenization.PreTokenizers;

namespace Transfuse.Tokenization.Training;

/// <summary>The steps around a trained model of SentencePiece's kind.</summary>
internal static class SentencePieceComponents
{
    private const string Source = "SentencePiece training options";

    private const string Decoder =
        """{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}STRIP]}""";

    private const string DecoderStrip = """,{"type":"Strip","content":" ","start":1,"stop":0}""";

    /// <summary>Fails where the options contradict each other.</summary>
    public static void Check(SentencePieceTrainerOptions options)
    {
        foreach (var role in new[] { options.UnknownToken, options.BosToken, options.EosToken })
        {
            if (role is not null && !options.SpecialTokens.Contains(role, StringComparer.Ordinal))
            {
                throw new TokenizerException(Source, $"'{role}' has a role but is not a special token. Add it to SpecialTokens.");
            }
        }

        if (options.SpecialTokens.Any(string.IsNullOrEmpty) || options.SpecialTokens.Distinct(StringComparer.Ordinal).Count() != options.SpecialTokens.Count)
        {
            throw new TokenizerException(Source, "a special token is empty or comes twice.");
        }

        if ((options.AddBos && options.BosToken is null) || (options.AddEos && options.EosToken is null))
        {
            throw new TokenizerException(Source, "AddBos and AddEos need a BosToken and EosToken.");
        }

        if (options.CharacterCoverage is not (> 0 and <= 1) || options.ShrinkingFactor is not (> 0 and < 1) || options.MaximumPieceLength < 1)
        {
            throw new TokenizerException(
                Source,
                string.Create(CultureInfo.InvariantCulture, $"CharacterCoverage {options.CharacterCoverage} must be in (0, 1], ShrinkingFactor {options.ShrinkingFactor} in (0, 1), MaximumPieceLength {options.MaximumPieceLength} at least 1."));
        }
    }

    /// <summary>What happens to text before pieces are counted.</summary>
    public static (Normalizer? Normalizer, PreTokenizer PreTokenizer) BeforeModel(SentencePieceTrainerOptions options) => (
        NormalizerJson(options) is { } json ? NormalizerReader.Read(new JsonCursor(Source, "normalizer", json)) : null,
        PreTokenizerReader.Read(new JsonCursor(Source, "pre_tokenizer", PreTokenizerJson(options)), modelReadsBytes: false));

    /// <summary>The special tokens and, if asked, the bytes: what takes the first ids.</summary>
    public static IEnumerable<string> Reserved(SentencePieceTrainerOptions options)
    {
        var bytes = Enumerable.Range(0, options.ByteFallback ? 256 : 0).Select(value => "<0x" + value.ToString("X2", CultureInfo.InvariantCulture) + ">");
        return options.SpecialTokens.Concat(bytes);
    }

    /// <summary>The tokenizer around a model.</summary>
    /// <param name="options">The options.</param>
    /// <param name="model">The trained model, with the special tokens at its first ids.</param>
    public static Tokenizer Build(SentencePieceTrainerOptions options, ModelDefinition model)
    {
        var before = options.AddBos ? Special(options, options.BosToken!) : ((string, int)?)null;
        var behind = options.AddEos ? Special(options, options.EosToken!) : ((string, int)?)null;
        return new TokenizerDefinition
        {
            Model = model,
            AddedTokens = [.. options.SpecialTokens.Select((token, id) => new AddedToken(token) { Id = id, Special = true })],
            Normalizer = NormalizerJson(options),
            PreTokenizer = PreTokenizerJson(options),
            PostProcessor = before is null && behind is null ? null : JsonParts.Template(before, behind),
            Decoder = JsonParts.Parse(Decoder.Replace("STRIP", options.AddDummyPrefix ? DecoderStrip : "", StringComparison.Ordinal)),
            BosToken = options.BosToken,
            EosToken = options.EosToken,
        }.Build("trained tokenizer");
    }

    private static (string, int) Special(SentencePieceTrainerOptions options, string token) => (token, options.SpecialTokens.ToList().IndexOf(token));

    private static JsonElement? NormalizerJson(SentencePieceTrainerOptions options) =>
        options.NormalizeFormKC ? JsonParts.Parse("""{"type":"NFKC"}""") : null;

    private static JsonElement PreTokenizerJson(SentencePieceTrainerOptions options)
    {
        var scheme = options.AddDummyPrefix ? "first" : "never";
        var metaspace = $$"""{"type":"Metaspace","replacement":"▁","prepend_scheme":"{{scheme}}","split":true}""";
        return JsonParts.Parse(options.SplitDigits
            ? $$"""{"type":"Sequence","pretokenizers":[{{metaspace}},{"type":"Digits","individual_digits":true}]}"""
            : metaspace);
    }
}
