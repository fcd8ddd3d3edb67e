using Transfuse.Tokenization;
using Transfuse.Tokenization.Bpe;

namespace Transfuse.Tests.Tokenization;

public sealed class TokenizerBatchTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    public void Gives_one_encoding_for_each_text_in_order(int threads)
    {
        var tokenizer = BpeTrainer.Train(["some text, more text"], new BpeTrainerOptions { VocabularySize = 270, MinFrequency = 1 });
        var texts = Enumerable.Range(0, 500).Select(i => $"text {i} of some {new string('x', i % 70)}").ToArray();
        var encodings = tokenizer.EncodeAll(texts, threads: threads);
        Assert.Equal(texts, encodings.Select(encoding => tokenizer.Decode(encoding.Ids)), StringComparer.Ordinal);
    }
}
