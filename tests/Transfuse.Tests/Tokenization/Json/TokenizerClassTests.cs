using System.Text.Json;
using Transfuse.Errors;
using Transfuse.Tokenization;
using Transfuse.Tokenization.Bpe;

namespace Transfuse.Tests.Tokenization.Json;

/// <summary>What tokenizer_config.json beside a tokenizer's file changes; agreement with transformers itself is <see cref="TransformersGoldenTests"/>.</summary>
public sealed class TokenizerClassTests : IDisposable
{
    private const string Marks = """{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}""";
    private readonly string _folder = Directory.CreateTempSubdirectory("transfuse-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("""{"tokenizer_class":"LlamaTokenizerFast"}""", "first", "▁a b", "a b")]
    [InlineData("""{"tokenizer_class":"LlamaTokenizer","legacy":true}""", "always", "▁a ▁b", "a b")]
    [InlineData("""{"tokenizer_class":"LlamaTokenizer","add_prefix_space":false}""", "never", "a b", "a b")]
    [InlineData("""{"tokenizer_class":"PreTrainedTokenizerFast"}""", null, "▁a ▁b", "a b")]
    public void Llama_marks_spaces_in_its_pre_tokenizer(string configuration, string? scheme, string expected, string decoded)
    {
        var tokenizer = Load(SpellingBytes(Marks, "null"), configuration);
        var definition = ((PipelineTokenizer)tokenizer).Definition;
        Assert.Equal(scheme, definition.PreTokenizer?.GetProperty("prepend_scheme").GetString());
        Assert.Equal(scheme is null ? 3 : 1, definition.Normalizer!.Value.GetProperty("normalizers").GetArrayLength());
        var ids = tokenizer.Encode("a<s>b").Ids;
        Assert.Equal(expected, string.Join(' ', ids.Where(id => tokenizer.TokenString(id) != "<s>").Select(id => tokenizer.TokenString(id))));
        Assert.Equal(decoded, tokenizer.Decode(ids).Replace("<s>", " ", StringComparison.Ordinal).Replace("  ", " ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_byte_level_file_that_claims_to_be_Llama_s_stays_as_it_is()
    {
        const string Splits = """{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false}]}""";
        var json = ByteLevel(Splits);
        Assert.Equal(LoadAlone(json).ContentHash, Load(json, """{"tokenizer_class":"LlamaTokenizerFast"}""").ContentHash);
    }

    [Theory]
    [InlineData("GPT2TokenizerFast")]
    [InlineData("Qwen2Tokenizer")]
    public void Byte_level_classes_take_the_prefix_from_the_configuration_and_the_steps_from_the_file(string name)
    {
        // Its own class in transformers forgets the digits, with which the model was trained.
        const string Splits = """{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":true,"use_regex":false}]}""";
        foreach (var prefix in (bool?[])[null, false, true])
        {
            var configuration = prefix is { } value ? $$"""{"tokenizer_class":"{{name}}","add_prefix_space":{{(value ? "true" : "false")}}}""" : $$"""{"tokenizer_class":"{{name}}"}""";
            var steps = ((PipelineTokenizer)Load(ByteLevel(Splits), configuration)).Definition.PreTokenizer!.Value.GetProperty("pretokenizers");
            Assert.Equal("Digits", steps[0].GetProperty("type").GetString());
            Assert.Equal(prefix ?? false, steps[1].GetProperty("add_prefix_space").GetBoolean());
            Assert.False(steps[1].GetProperty("use_regex").GetBoolean());
        }
    }

    [Fact]
    public void Special_tokens_may_be_text_and_more_may_be_named()
    {
        const string Split = """{"tokenizer_class":"PreTrainedTokenizerFast","split_special_tokens":true}""";
        var json = SpellingBytes("null", "null");
        Assert.DoesNotContain(1, Load(json, Split).Encode("a<s>", addSpecialTokens: false).Ids);
        Assert.NotEqual(LoadAlone(json).ContentHash, Load(json, Split).ContentHash);
        const string More = """{"additional_special_tokens":["<x>","<s>"],"extra_special_tokens":{"image":"<y>","other":{"content":"<z>","lstrip":true}}}""";
        var tokenizer = Load(json, More);
        var first = LoadAlone(json).VocabularySize;
        Assert.Equal([1, first, first + 1, first + 2], tokenizer.Encode("<s><x><y> <z>", addSpecialTokens: false).Ids);
        Assert.Equal("", tokenizer.Decode([first, first + 1, first + 2], skipSpecialTokens: true));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Saving_and_loading_again_changes_nothing(bool isLlama)
    {
        var configuration = isLlama
            ? """{"tokenizer_class":"LlamaTokenizer","legacy":true,"split_special_tokens":true,"additional_special_tokens":["<x>"]}"""
            : """{"tokenizer_class":"PreTrainedTokenizerFast","split_special_tokens":true}""";
        var tokenizer = Load(SpellingBytes(Marks, "null"), configuration);
        TokenizerFile.Save(tokenizer, Path.Combine(_folder, "saved"));
        var again = TokenizerFile.Load(Path.Combine(_folder, "saved"));
        Assert.Equal(tokenizer.ContentHash, again.ContentHash);
        Assert.Equal(tokenizer.Encode("a <s> b").Ids, again.Encode("a <s> b").Ids);
        var definition = ((PipelineTokenizer)tokenizer).Definition with { Configuration = null };
        TokenizerFile.Save(definition.Build(), Path.Combine(_folder, "alone"));
        Assert.Equal(tokenizer.ContentHash, TokenizerFile.Load(Path.Combine(_folder, "alone")).ContentHash);
    }

    [Theory]
    [InlineData("""{"tokenizer_class":5}""", "tokenizer_class")]
    [InlineData("""{"tokenizer_class":"LlamaTokenizer","legacy":"yes"}""", "legacy")]
    [InlineData("""{"split_special_tokens":"yes"}""", "split_special_tokens")]
    [InlineData("""{"additional_special_tokens":"<x>"}""", "additional_special_tokens")]
    [InlineData("""{"extra_special_tokens":[7]}""", "extra_special_tokens")]
    public void A_field_of_the_wrong_kind_is_one_clear_error(string configuration, string expected)
    {
        var error = Assert.Throws<TokenizerException>(() => Load(SpellingBytes(Marks, "null"), configuration));
        Assert.Contains("tokenizer_config.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5", "null", "normalizer")]
    [InlineData("""{"type":"Sequence"}""", "null", "normalizer")]
    [InlineData("null", "[]", "pre_tokenizer")]
    public void Broken_steps_are_errors_that_name_the_file(string normalizer, string preTokenizer, string expected)
    {
        var error = Assert.Throws<TokenizerException>(() => Load(SpellingBytes(normalizer, preTokenizer), """{"tokenizer_class":"LlamaTokenizer"}"""));
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static string SpellingBytes(string normalizer, string preTokenizer)
    {
        string[] tokens = ["<unk>", "<s>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), "▁", "a", "b", "▁a", "▁b"];
        var vocabulary = JsonSerializer.Serialize(tokens.Select((token, id) => (token, id)).ToDictionary(entry => entry.token, entry => entry.id));
        return $$$"""
            {"added_tokens":[{"id":1,"content":"<s>","special":true,"normalized":false}],"normalizer":{{{normalizer}}},"pre_tokenizer":{{{preTokenizer}}},
             "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
             "model":{"type":"BPE","unk_token":"<unk>","byte_fallback":true,"fuse_unk":true,"vocab":{{{vocabulary}}},"merges":["▁ a","▁ b"]}}
            """;
    }

    private static string ByteLevel(string preTokenizer)
    {
        var definition = ((PipelineTokenizer)BpeTrainer.Train(["a b"], new BpeTrainerOptions { VocabularySize = 260 })).Definition;
        var vocabulary = JsonSerializer.Serialize(((BpeDefinition)definition.Model).Vocabulary);
        return $$$"""{"pre_tokenizer":{{{preTokenizer}}},"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{{{vocabulary}}},"merges":[]}}""";
    }

    private Tokenizer LoadAlone(string json)
    {
        var file = Path.Combine(_folder, "tokenizer.json");
        File.WriteAllText(file, json);
        return TokenizerFile.Load(file);
    }

    private Tokenizer Load(string json, string configuration)
    {
        File.WriteAllText(Path.Combine(_folder, "tokenizer.json"), json);
        File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), configuration);
        return TokenizerFile.Load(_folder);
    }
}
