using System.Text.Json;
using Transfuse.Errors;
using Transfuse.Tests.Shared;
using Transfuse.Tokenization;
using Transfuse.Tokenization.Bpe;
using Xunit.Abstractions;

namespace Transfuse.Tests.Tokenization.Bpe;

public sealed class BpeTrainerTests(ITestOutputHelper output)
{
    private static readonly string[] Corpus =
    [
        "low low low low low", "lower lower newest newest newest newest newest newest", "widest widest widest",
    ];

    [Fact]
    public void Merges_the_most_frequent_pair_first_and_breaks_ties_by_the_smaller_ids()
    {
        var options = new BpeTrainerOptions { VocabularySize = 262, MinFrequency = 0, SpecialTokens = ["<s>"], EosToken = null };
        var tokenizer = BpeTrainer.Train(Corpus, options);

        // newest 6 + widest 3: (e, s) and (s, t) occur 9 times each, and e has the smaller id; then (es, t) has 9.
        Assert.Equal(0, tokenizer.TokenId("<s>"));
        Assert.Equal(257, tokenizer.TokenId("es"));
        Assert.Equal(258, tokenizer.TokenId("est"));
        Assert.Equal(262, tokenizer.VocabularySize);
    }

    [GoldenFact("tokenizers/trainers")]
    [Trait("Category", "Reference")]
    public void Agrees_with_the_original_trainer()
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Golden.Root, "tokenizers", "trainers", "bpe_trainer.json")));
        var root = golden.RootElement;
        var (compared, notCovered) = (0, new List<string>());
        foreach (var run in root.GetProperty("runs").EnumerateArray())
        {
            var options = run.GetProperty("options");
            if (Unsupported(options) is { } reason)
            {
                notCovered.Add(reason);
                continue;
            }

            var texts = root.GetProperty("corpora").GetProperty(run.GetProperty("corpus").GetString()!).EnumerateArray().Select(text => text.GetString()!);
            var definition = Definition(BpeTrainer.Train(texts, Options(options)));
            var expected = run.GetProperty("merges").EnumerateArray().Select(merge => (merge[0].GetString()!, merge[1].GetString()!));
            Assert.Equal(expected, definition.Merges);
            var vocabulary = run.GetProperty("vocab").EnumerateObject().ToDictionary(token => token.Name, token => token.Value.GetInt32(), StringComparer.Ordinal);
            Assert.Equal(vocabulary.OrderBy(token => token.Value), definition.Vocabulary.OrderBy(token => token.Value));
            compared++;
        }

        output.WriteLine($"{compared} runs compared exactly; not covered: {string.Join("; ", notCovered)}");
        Assert.True(compared > 0);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+", false)]
    [InlineData(null, true)]
    public void A_trained_tokenizer_survives_saving_and_loading(string? pattern, bool splitDigits)
    {
        var options = new BpeTrainerOptions
        {
            VocabularySize = 300,
            MinFrequency = 1,
            SpecialTokens = ["<s>", "</s>"],
            BosToken = "<s>",
            EosToken = "</s>",
            AddBos = true,
            SplitPattern = pattern,
            SplitDigits = splitDigits,
            NormalizeFormC = splitDigits,
        };
        var trained = BpeTrainer.Train(Corpus, options);
        var folder = Directory.CreateTempSubdirectory("transfuse-").FullName;
        try
        {
            TokenizerFile.Save(trained, folder);
            var loaded = TokenizerFile.Load(folder);

            Assert.Equal(trained.ContentHash, loaded.ContentHash);
            Assert.Equal((trained.BosId, trained.EosId), (loaded.BosId, loaded.EosId));
            Assert.Equal(trained.VocabularySize, loaded.VocabularySize);
            foreach (var text in (string[])["lowest newest 123", "", " a\u0301 <s> x</s>", "\U0001D400\U0001F600 é\r\n  z"])
            {
                Assert.Equal(trained.Encode(text).Ids, loaded.Encode(text).Ids);
                Assert.Equal(trained.Encode(text).Spans, loaded.Encode(text).Spans);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Adds_the_tokens_that_begin_and_end_texts()
    {
        var options = new BpeTrainerOptions
        {
            VocabularySize = 260,
            SpecialTokens = ["<s>", "</s>"],
            BosToken = "<s>",
            EosToken = "</s>",
            AddBos = true,
            AddEos = true,
        };
        var tokenizer = BpeTrainer.Train(Corpus, options);
        var encoding = tokenizer.Encode("xy");

        Assert.Equal([0, tokenizer.TokenId("x")!.Value, tokenizer.TokenId("y")!.Value, 1], encoding.Ids);
        Assert.Equal([new(0, 0), new(0, 1), new(1, 2), new(2, 2)], encoding.Spans);
        Assert.Equal("xy", tokenizer.Decode(encoding.Ids, skipSpecialTokens: true));
        Assert.Equal("<s>xy</s>", tokenizer.Decode(encoding.Ids));
        Assert.Equal(0, tokenizer.TokenBytes(0).Length);
    }

    [Fact]
    public void Refuses_contradictory_options()
    {
        Assert.Throws<TokenizerException>(() => BpeTrainer.Train(Corpus, new BpeTrainerOptions { VocabularySize = 100 }));
        Assert.Throws<TokenizerException>(() => BpeTrainer.Train(Corpus, new BpeTrainerOptions { EosToken = "</s>" }));
        Assert.Throws<TokenizerException>(() => BpeTrainer.Train(Corpus, new BpeTrainerOptions { SplitPattern = "(" }));
    }

    private static BpeDefinition Definition(Tokenizer tokenizer) => (BpeDefinition)((PipelineTokenizer)tokenizer).Definition.Model;

    private static string? Unsupported(JsonElement options)
    {
        var known = new[] { "vocab_size", "min_frequency", "alphabet", "special", "max_token_length" };
        var other = options.EnumerateObject().Select(option => option.Name).Except(known, StringComparer.Ordinal).ToList();
        return other.Count == 0 ? null : $"options {string.Join(", ", other)}";
    }

    private static BpeTrainerOptions Options(JsonElement options) => new()
    {
        VocabularySize = options.GetProperty("vocab_size").GetInt32(),
        MinFrequency = options.GetProperty("min_frequency").GetInt64(),
        FullByteAlphabet = options.GetProperty("alphabet").GetBoolean(),
        SpecialTokens = [.. options.GetProperty("special").EnumerateArray().Select(token => token.GetString()!)],
        EosToken = null,
        MaximumTokenLength = options.TryGetProperty("max_token_length", out var length) && length.ValueKind == JsonValueKind.Number ? length.GetInt32() : null,
    };
}
