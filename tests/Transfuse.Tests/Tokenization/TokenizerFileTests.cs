using System.Text;
using Transfuse.Errors;
using Transfuse.Tensors.Random;
using Transfuse.Tokenization;
using Transfuse.Tokenization.Bpe;

namespace Transfuse.Tests.Tokenization;

public sealed class TokenizerFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("transfuse-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("{", "line 1")]
    [InlineData("[]", "expected an object")]
    [InlineData("{}", "no 'model'")]
    [InlineData("""{"model":{"type":"Foo"}}""", "'Foo', which is not supported")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":"x"},"merges":[]}}""", "'model.vocab' is a string, expected a number")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}""", "expected a whole number")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}}""", "to another entry")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":16000000},"merges":[]}}""", "ids up to 16000000")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}}""", "merge 0 ('a', 'b')")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":["ab"]}}""", "'model.merges[0]'")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"\ud800":0},"merges":[]}}""", "unpaired surrogate")]
    [InlineData("""{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"("},"behavior":"Isolated"},"model":{"type":"BPE","vocab":{},"merges":[]}}""", "regular expression")]
    public void A_broken_file_is_one_clear_error(string json, string expected)
    {
        var path = Write("tokenizer.json", json);
        var exception = Assert.Throws<TokenizerException>(() => TokenizerFile.Load(path));
        Assert.StartsWith(path, exception.Message, StringComparison.Ordinal);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_an_error()
    {
        Assert.Throws<TokenizerException>(() => TokenizerFile.Load(Path.Combine(_folder, "nothing")));
        Assert.Throws<TokenizerException>(() => TokenizerFile.Load(_folder));
    }

    [Fact]
    public void The_side_files_name_the_tokens_that_begin_and_end_texts()
    {
        SaveTrained();
        Write("tokenizer_config.json", """{"bos_token":{"content":"<s>"},"chat_template":"{{ x }}"}""");
        Write("special_tokens_map.json", """{"bos_token":"</s>","eos_token":"</s>"}""");
        var tokenizer = TokenizerFile.Load(_folder);
        Assert.Equal((0, 1), (tokenizer.BosId, tokenizer.EosId));

        TokenizerFile.Save(tokenizer, _folder);
        Assert.Contains("{{ x }}", File.ReadAllText(Path.Combine(_folder, "tokenizer_config.json")), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder, "*.partial"));
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void A_damaged_file_gives_our_error_or_a_working_tokenizer(int seed)
    {
        SaveTrained();
        var original = File.ReadAllBytes(Path.Combine(_folder, "tokenizer.json"));
        var random = new RandomStream(seed, "damage");
        var path = Path.Combine(_folder, "damaged.json");
        for (var i = 0; i < 1500; i++)
        {
            File.WriteAllBytes(path, Damage(original, random));
            try
            {
                var tokenizer = TokenizerFile.Load(path);
                tokenizer.Decode(tokenizer.Encode("Low  <s> lower é 12\r\n").Ids);
            }
            catch (TokenizerException)
            {
            }
        }
    }

    private static byte[] Damage(byte[] original, RandomStream random)
    {
        if (random.NextInt32(4) == 0)
        {
            return original[..random.NextInt32(original.Length)];
        }

        byte[] damaged = [.. original];
        ReadOnlySpan<byte> marks = "{}[]\":,0-9.\\etfn"u8;
        for (var i = random.NextInt32(4); i >= 0; i--)
        {
            damaged[random.NextInt32(damaged.Length)] = random.NextInt32(2) == 0
                ? marks[random.NextInt32(marks.Length)]
                : (byte)random.NextInt32(256);
        }

        return damaged;
    }

    private void SaveTrained() => TokenizerFile.Save(
        BpeTrainer.Train(
            ["low lower lowest", "new newer newest"],
            new BpeTrainerOptions
            {
                VocabularySize = 270,
                MinFrequency = 1,
                SpecialTokens = ["<s>", "</s>"],
                BosToken = "<s>",
                EosToken = "</s>",
                AddBos = true,
                SplitDigits = true,
                SplitPattern = @"\p{L}+|\s+(?!\S)|[^\p{L}]",
            }),
        _folder);

    private string Write(string name, string json)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, json, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return path;
    }
}
