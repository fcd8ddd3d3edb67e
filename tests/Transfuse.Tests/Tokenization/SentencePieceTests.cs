using Transfuse.Errors;
using Transfuse.Tensors.Random;
using Transfuse.Tokenization;
using Transfuse.Tokenization.SentencePiece;

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
        var tokenizer = Load(Model(type));
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
        var tokenizer = Load(Model(type: 2));
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
            var native = Load(Model(type));
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
    public void A_damaged_file_gives_our_error_or_a_working_tokenizer()
    {
        var random = new RandomStream(3, "damage");
        var originals = new[] { Model(1), Model(2) };
        for (var i = 0; i < 3000; i++)
        {
            byte[] damaged = [.. originals[i % 2]];
            damaged = random.NextInt32(3) == 0 ? damaged[..random.NextInt32(damaged.Length)] : damaged;
            for (var k = random.NextInt32(4); k >= 0 && damaged.Length > 0; k--)
            {
                damaged[random.NextInt32(damaged.Length)] = (byte)random.NextInt32(256);
            }

            try
            {
                var tokenizer = Load(damaged);
                tokenizer.Decode(tokenizer.Encode("ab  ba é").Ids);
            }
            catch (TokenizerException)
            {
            }
        }
    }

    private static string RandomText(RandomStream random) =>
        string.Concat(Enumerable.Range(0, random.NextInt32(20)).Select(_ => "ab ab éñ日\U0001F600".EnumerateRunes().ElementAt(random.NextInt32(10)).ToString()));

    private Tokenizer Load(byte[] model)
    {
        var path = Path.Combine(_folder, "test.model");
        File.WriteAllBytes(path, model);
        return TokenizerFile.Load(path);
    }

    /// <summary>A small model written by hand: three control pieces, 256 bytes, some text.</summary>
    private static byte[] Model(int type)
    {
        var file = new List<byte>();
        var pieces = new List<(string Text, float Score, PieceType Type)> { ("<unk>", 0, PieceType.Unknown), ("<s>", 0, PieceType.Control), ("</s>", 0, PieceType.Control) };
        pieces.AddRange(Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", 0f, PieceType.Byte)));
        pieces.AddRange(new[] { "ab", "▁ab", "▁a", "ba", "bab", "▁", "a", "b" }.Select((text, index) => (text, -(float)index - 1, PieceType.Normal)));
        foreach (var (text, score, pieceType) in pieces)
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(text);
            byte[] message = [0x0A, (byte)bytes.Length, .. bytes, 0x15, .. BitConverter.GetBytes(score), 0x18, (byte)pieceType];
            file.AddRange([0x0A, (byte)message.Length, .. message]);
        }

        // Trainer: model_type = 3, byte_fallback = 35. Normalizer: remove_extra_whitespaces = 4 off.
        file.AddRange([0x12, 5, 0x18, (byte)type, 0x98, 0x02, 1, 0x1A, 2, 0x20, 0]);
        return [.. file];
    }
}
