using Transfuse.Errors;
using Transfuse.Tests.Checkpoints.Gguf;
using Transfuse.Tests.Shared;
using Transfuse.Tokenization;
using Transfuse.Tokenization.Gguf;
using Xunit.Abstractions;

namespace Transfuse.Tests.Tokenization.Gguf;

public sealed class GgufTokenizerTests(ITestOutputHelper output) : IDisposable
{
    private const string Separator = "\n__ggml_vocab_test__\n";
    private readonly TemporaryFolder _folder = new();

    // What llama.cpp's vectors take from Hugging Face, but these kinds are not read, or (tekken's and gpt-4o's relatives apart) not tokenizers of texts.
    private static readonly string[] Unsupported = ["bert", "gemma4", "deepseek-llm"];

    public void Dispose() => _folder.Dispose();

    /// <summary>Vocabularies of llama.cpp with test vectors.</summary>
    public static TheoryData<string> Vocabularies() =>
        [.. Files(Oracles.Vocabularies).Where(file => File.Exists(file + ".inp")).Order(StringComparer.Ordinal)];

    [OracleTheory]
    [Trait("Category", "Reference")]
    [MemberData(nameof(Vocabularies))]
    public void Published_vocabularies_give_the_published_ids(string path)
    {
        Tokenizer tokenizer;
        try
        {
            tokenizer = TokenizerFile.Load(path);
        }
        catch (TokenizerException exception) when (Unsupported.Any(kind => exception.Message.Contains($"'{kind}'", StringComparison.Ordinal)))
        {
            output.WriteLine($"not compared: {exception.Message}");
            return;
        }

        var texts = File.ReadAllText(path + ".inp").Split(Separator);
        var lines = File.ReadAllLines(path + ".out");
        var wrong = 0;
        foreach (var (text, line) in texts.Zip(lines))
        {
            int[] expected = [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
            var actual = tokenizer.Encode(text, addSpecialTokens: false).Ids;
            if (!expected.SequenceEqual(actual))
            {
                wrong++;
                output.WriteLine($"{text.ReplaceLineEndings("\\n")}\n  expected {line}\n  actual   {string.Join(' ', actual)}");
            }
        }

        output.WriteLine($"{texts.Length} texts, {wrong} differ");
        Assert.Equal(0, wrong);
    }

    [Fact]
    public void Byte_level_merges_special_tokens_and_bos_come_from_the_keys()
    {
        var tokenizer = TokenizerFile.Load(_folder.Write("a.gguf", Bytes("gpt2", "gpt-2", addBos: true)));

        Assert.Equal([3, 4, 2, 1, 3, 0], tokenizer.Encode("ab b<s>a").Ids);
        Assert.Equal(3, tokenizer.BosId);
        Assert.Equal("ab", tokenizer.Decode([4]));
    }

    [Fact]
    public void An_unknown_way_of_cutting_is_an_error_that_lists_the_known_ones()
    {
        var exception = Assert.Throws<TokenizerException>(() => TokenizerFile.Load(_folder.Write("a.gguf", Bytes("gpt2", "no-such", addBos: false))));

        Assert.Contains("'no-such'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("smollm", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_tokenizer_is_an_error()
    {
        Assert.Contains("holds no tokenizer", Assert.Throws<TokenizerException>(() => TokenizerFile.Load(_folder.Write("a.gguf", new GgufBytes().ToArray()))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_way_of_cutting_is_found_again_by_its_name()
    {
        foreach (var name in GgufPreTokenizers.Names)
        {
            var kind = GgufPreTokenizers.FromName(name)!;
            var definition = new TokenizerDefinition
            {
                Model = new Transfuse.Tokenization.Bpe.BpeDefinition { Vocabulary = new Dictionary<string, int>(), Merges = [] },
                PreTokenizer = GgufPreTokenizers.ToJson(kind),
                Normalizer = kind.UsesNfc ? System.Text.Json.JsonElement.Parse("""{"type":"NFC"}""") : null,
            };
            Assert.Equal(kind.Names[0], GgufPreTokenizers.NameOf(definition, kind.IgnoresMerges));
        }
    }

    private static IEnumerable<string> Files(string folder) => Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.gguf") : [];

    private static byte[] Bytes(string model, string pre, bool addBos)
    {
        string[] tokens = ["a", "b", "Ġ", "<s>", "ab"];
        return new GgufBytes().Key("tokenizer.ggml.model", model).Key("tokenizer.ggml.pre", pre)
            .Key("tokenizer.ggml.tokens", 9, [8, 0, 0, 0, .. BitConverter.GetBytes((ulong)tokens.Length), .. tokens.SelectMany(GgufBytes.Text)])
            .Key("tokenizer.ggml.token_type", 9, [5, 0, 0, 0, .. BitConverter.GetBytes(5UL), .. new[] { 1, 1, 1, 3, 1 }.SelectMany(BitConverter.GetBytes)])
            .Key("tokenizer.ggml.merges", 9, [8, 0, 0, 0, .. BitConverter.GetBytes(1UL), .. GgufBytes.Text("a b")])
            .Key("tokenizer.ggml.bos_token_id", 3).Key("tokenizer.ggml.add_bos_token", 7, addBos ? (byte)1 : (byte)0).ToArray();
    }
}
