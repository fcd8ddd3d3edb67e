using Transfuse.Errors;
using Transfuse.Tensors.Random;
using Transfuse.Tokenization;
using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.Training;
using Transfuse.Tokenization.Unigram;

namespace Transfuse.Tests.Tokenization.Training;

public sealed class SentencePieceTrainerTests
{
    private static readonly SentencePieceTrainerOptions Small = new() { VocabularySize = 320, MinFrequency = 1, CharacterCoverage = 1 };

    [Fact]
    public void Bpe_merges_the_most_frequent_pair_first()
    {
        // (a, b) and (▁, a) occur 5 times each; a has the smaller id than ▁ (U+2581). Then (▁, ab) has 5 and (▁ab, c) 2.
        var tokenizer = SentencePieceTrainer.TrainBpe(["ab ab abc ab abc x"], Small);
        var merges = ((BpeDefinition)((PipelineTokenizer)tokenizer).Definition.Model).Merges;
        Assert.Equal(("a", "b"), merges[0]);
        Assert.Equal(("▁", "ab"), merges[1]);
        Assert.Equal(("▁ab", "c"), merges[2]);
        Assert.Equal(["<s>", "▁ab", "▁abc", "<0xC3>", "<0xA9>"], tokenizer.Encode("ab abcé").Ids.Select(id => tokenizer.TokenString(id)!), StringComparer.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Decoding_gives_the_text_back(bool isUnigram)
    {
        var random = new RandomStream(1, "corpus");
        var corpus = Enumerable.Range(0, 200).Select(_ => Sentence(random)).ToArray();
        var tokenizer = isUnigram
            ? SentencePieceTrainer.TrainUnigram(corpus, Small with { VocabularySize = 400 })
            : SentencePieceTrainer.TrainBpe(corpus, Small with { VocabularySize = 400 });
        Assert.InRange(tokenizer.VocabularySize, 290, 400);
        for (var i = 0; i < 300; i++)
        {
            var text = Sentence(random) + " 12 é日\U0001F600";
            var ids = tokenizer.Encode(text).Ids;
            Assert.Equal(text, tokenizer.Decode(ids, skipSpecialTokens: true));
            Assert.True(ids.Length < text.Length);
        }
    }

    [Fact]
    public void Unigram_finds_the_words_and_gives_probabilities()
    {
        var random = new RandomStream(2, "corpus");
        var corpus = Enumerable.Range(0, 300).Select(_ => Sentence(random)).ToArray();
        var tokenizer = SentencePieceTrainer.TrainUnigram(corpus, Small with { VocabularySize = 300 });
        var pieces = ((UnigramDefinition)((PipelineTokenizer)tokenizer).Definition.Model).Pieces;

        Assert.NotNull(tokenizer.TokenId("▁fox"));
        Assert.NotNull(tokenizer.TokenId("▁jumping"));
        Assert.All(pieces, piece => Assert.True(double.IsFinite(piece.Score)));
        Assert.Equal(1, pieces.Skip(259).Sum(piece => Math.Exp(piece.Score)), tolerance: 0.35);
        Assert.Equal(tokenizer.ContentHash, SentencePieceTrainer.TrainUnigram(corpus, Small with { VocabularySize = 300 }).ContentHash);
    }

    [Fact]
    public void A_trained_tokenizer_survives_saving_and_loading()
    {
        var folder = Directory.CreateTempSubdirectory("transfuse-").FullName;
        try
        {
            foreach (var trained in new[] { SentencePieceTrainer.TrainBpe(["ab ab c"], Small), SentencePieceTrainer.TrainUnigram(["ab ab c"], Small) })
            {
                TokenizerFile.Save(trained, folder);
                var loaded = TokenizerFile.Load(folder);
                Assert.Equal(trained.ContentHash, loaded.ContentHash);
                Assert.Equal(trained.Encode("ab c  é").Ids, loaded.Encode("ab c  é").Ids);
                Assert.Equal((1, 2), (loaded.BosId, loaded.EosId));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Refuses_contradictory_options()
    {
        Assert.Throws<TokenizerException>(() => SentencePieceTrainer.TrainBpe(["a"], Small with { VocabularySize = 100 }));
        Assert.Throws<TokenizerException>(() => SentencePieceTrainer.TrainBpe(["a"], Small with { UnknownToken = "?" }));
        Assert.Throws<TokenizerException>(() => SentencePieceTrainer.TrainUnigram(["a"], Small with { CharacterCoverage = 0 }));
    }

    private static string Sentence(RandomStream random)
    {
        string[] words = ["the", "quick", "fox", "jumping", "over", "lazy", "dogs", "runs", "jumped", "quickly"];
        return string.Join(' ', Enumerable.Range(0, 3 + random.NextInt32(6)).Select(_ => words[random.NextInt32(words.Length)]));
    }
}
