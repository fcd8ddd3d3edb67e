using Transfuse.Tensors.Random;
using Transfuse.Tokenization;

namespace Transfuse.Tests.Tokenization;

public sealed class SentencePieceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("transfuse-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Decoding_gives_the_text_back_and_spans_tile_it(int type)
    {
        var tokenizer = Load(HandmadeSentencePiece.Model(type));
        var random = new RandomStream(type, "texts");
        for (var i = 0; i < 500; i++)
        {
            var text = RandomText(random);
            var encoding = tokenizer.Encode(text);
            Assert.Equal(text, tokenizer.Decode(encoding.Ids));
            var position = 0;
            foreach (var span in encoding.Spans)
            {
                Assert.Equal(position, span.Start);
                position = span.End;
            }

            Assert.Equal(System.Text.Encoding.UTF8.GetByteCount(text), position);
        }
    }

    [Fact]
    public void Merges_by_score_and_falls_back_to_bytes()
    {
        var tokenizer = Load(HandmadeSentencePiece.Model(type: 2));
        var encoding = tokenizer.Encode("abé", addSpecialTokens: false);
        Assert.Equal(["▁ab", "<0xC3>", "<0xA9>"], encoding.Ids.Select(id => tokenizer.TokenString(id)!), StringComparer.Ordinal);
        Assert.Equal([new(0, 2), new(2, 3), new(3, 4)], encoding.Spans);
        Assert.Equal(" ab", System.Text.Encoding.UTF8.GetString(tokenizer.TokenBytes(encoding.Ids[0]).Span));
        Assert.Equal([0xC3], tokenizer.TokenBytes(encoding.Ids[1]).ToArray());
    }

    [Fact]
    public void A_converted_model_encodes_as_the_model_does()
    {
        foreach (var type in (int[])[1, 2])
        {
            var native = Load(HandmadeSentencePiece.Model(type));
            TokenizerFile.Save(native, Path.Combine(_folder, "saved"));
            var converted = TokenizerFile.Load(Path.Combine(_folder, "saved"));
            var random = new RandomStream(type, "texts");
            for (var i = 0; i < 500; i++)
            {
                // Metaspace does not put a mark before text that begins with a space; the library does.
                var text = "a" + RandomText(random);
                Assert.Equal(native.Encode(text).Ids, converted.Encode(text).Ids);
            }
        }
    }

    [Fact]
    public void Memory_grows_with_the_text_where_added_tokens_cut_it_often()
    {
        TokenizerFile.Save(Load(HandmadeSentencePiece.Model(type: 2)), Path.Combine(_folder, "saved"));
        var tokenizer = TokenizerFile.Load(Path.Combine(_folder, "saved"));
        long Allocated(int times)
        {
            var text = string.Concat(Enumerable.Repeat("ab <unk>", times));
            tokenizer.Encode(text);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(tokenizer.Encode(text).Count > times);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        // Four times the text: with buffers of the whole text's size for every stretch it would be sixteen times the memory.
        Assert.InRange(Allocated(4000), 0, 6 * Allocated(1000));
    }

    private static string RandomText(RandomStream random) =>
        string.Concat(Enumerable.Range(0, random.NextInt32(20)).Select(_ => "ab ab éñ日\U0001F600".EnumerateRunes().ElementAt(random.NextInt32(10)).ToString()));

    private Tokenizer Load(byte[] model)
    {
        var path = Path.Combine(_folder, "test.model");
        File.WriteAllBytes(path, model);
        return TokenizerFile.Load(path);
    }
}
