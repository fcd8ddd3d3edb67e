using System.Text;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Tokenization.Bpe;
using Transfuse.Tokenization;
using Transfuse.Tokenization.Bpe;

namespace Transfuse.Tests.Tokenization;

public sealed class ByteLevelPropertyTests
{
    private static readonly Tokenizer Tokenizer = BpeTrainer.Train(
        ["The quick brown fox jumps over the lazy dog. Ünïcödé 日本語 ещё 12345 don't", "the dog, the fox; 한국어 العربية emoji 👍🏽"],
        new BpeTrainerOptions { VocabularySize = 400, MinFrequency = 1 });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Decoding_gives_the_text_back_and_spans_tile_it(int seed)
    {
        var random = new RandomStream(seed, "texts");
        for (var i = 0; i < 1500; i++)
        {
            var text = RandomText(random);
            var bytes = System.Text.Encoding.UTF8.GetBytes(text);
            var encoding = Tokenizer.Encode(text);

            Assert.Equal(text, Tokenizer.Decode(encoding.Ids));
            var position = 0;
            for (var t = 0; t < encoding.Count; t++)
            {
                Assert.Equal(position, encoding.Spans[t].Start);
                position = encoding.Spans[t].End;
                Assert.True(Tokenizer.TokenBytes(encoding.Ids[t]).Span.SequenceEqual(bytes.AsSpan(encoding.Spans[t].Start, encoding.Spans[t].Length)));
            }

            Assert.Equal(bytes.Length, position);
        }
    }

    [Fact]
    public void Unpaired_surrogates_count_as_the_replacement_character()
    {
        Assert.Equal(Tokenizer.Encode("a\uFFFDb\uFFFD").Ids, Tokenizer.Encode("a\uD800b\uDC00").Ids);
    }

    [Fact]
    public void Long_pieces_merge_as_short_ones_do()
    {
        var text = new string('o', 40) + string.Concat(Enumerable.Repeat("thequickbrownfox", 200));
        var encoding = Tokenizer.Encode(text);
        Assert.Equal(text, Tokenizer.Decode(encoding.Ids));

        Assert.Equal(NaiveBpe.Encode((BpeDefinition)((PipelineTokenizer)Tokenizer).Definition.Model, text), encoding.Ids);
    }

    [Fact]
    public void Threads_get_the_same_result()
    {
        var random = new RandomStream(7, "texts");
        var texts = Enumerable.Range(0, 300).Select(_ => RandomText(random)).ToArray();
        var expected = texts.Select(text => Tokenizer.Encode(text).Ids).ToArray();
        Parallel.For(0, 8 * texts.Length, i => Assert.Equal(expected[i % texts.Length], Tokenizer.Encode(texts[i % texts.Length]).Ids));
    }

    private static string RandomText(RandomStream random)
    {
        var builder = new StringBuilder();
        var length = random.NextInt32(40);
        for (var i = 0; i < length; i++)
        {
            var scalar = random.NextInt32(8) switch
            {
                0 => random.NextInt32(0x20),
                1 => 0x300 + random.NextInt32(0x70),
                2 => 0x10000 + random.NextInt32(0x100000),
                3 => random.NextInt32(0xD800),
                4 => 0xE000 + random.NextInt32(0x2000),
                5 => ' ',
                _ => 0x20 + random.NextInt32(0x60),
            };
            builder.Append(new Rune(scalar).ToString());
        }

        return builder.ToString();
    }
}
