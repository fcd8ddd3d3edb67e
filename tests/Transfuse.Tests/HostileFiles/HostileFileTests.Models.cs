using System.Text.Json.Nodes;
using Transfuse.Adapters;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Comparison;
using Transfuse.Models;
using Transfuse.Models.Conversion;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Models;
using Transfuse.Tests.Tokenization;
using Transfuse.Tokenization;
using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.ChatTemplates;

namespace Transfuse.Tests.HostileFiles;

public sealed partial class HostileFileTests
{
    private const string ChatMl =
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nBe kind<|im_end|>\n' }}{% endif %}"
        + "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    private const string Elaborate =
        "{%- set ns = namespace(found=false, total=10) -%}{%- macro shown(text, width=12) -%}{{ text | trim | upper | truncate(width) }}{%- endmacro -%}"
        + "{%- for m in messages | reverse -%}{%- if m.role == 'user' and not ns.found -%}{%- set ns.found = true -%}{{ shown(m.content, 20) }}{%- endif -%}"
        + "{%- for i in range(3, 40, 7) -%}{{ '%05d' % (i * ns.total ** 2) }}{{ m.content[1:9:2] ~ '-' * 4 }}{%- endfor -%}{{ m | tojson(indent=2) }}{%- endfor -%}"
        + "{{ messages | map(attribute='role') | join(', ') }}{{ 'x' | center(30) }}{{ 3.5 | round(1) }}{{ strftime_now('%Y-%m-%d') }}";

    [Fact]
    public async Task Gguf_models() => await Damage(
        "gguf models", 2000, [GgufFileOf("llama", DType.F32), GgufFileOf("neox", DType.Q8_0), GgufFileOf("mpt", DType.Q4_0), GgufFileOf("qwen3", DType.BF16), GgufFileOf("gemma", DType.F16)], file =>
        {
            var path = _folder.Write("damaged.gguf", file);
            Assert.NotNull(PretrainedModel.ReadConfig(path));
            using var tensors = TensorSet.Open(path);
            Assert.NotEmpty(CheckpointComparison.Compare(tensors, tensors).ToList());
        });

    [Fact]
    public async Task Gguf_tokenizers()
    {
        var unigram = TokenizerFile.Load(_folder.Write("unigram.model", HandmadeSentencePiece.Model(1)));
        var pairs = TokenizerFile.Load(_folder.Write("pairs.model", HandmadeSentencePiece.Model(2)));
        byte[][] files = [GgufFileOf("llama", DType.F32, Bpe()), GgufFileOf("llama", DType.F32, unigram), GgufFileOf("llama", DType.F32, pairs)];
        await Damage("gguf tokenizers", 3000, files, file =>
        {
            var path = _folder.Write("damaged.gguf", file);
            Use(TokenizerFile.Load(path));
            Assert.NotNull(ChatTemplateFile.ReadAll(path));
            Assert.NotNull(ChatTemplateFile.ReadSpecialTokens(path));
        });
    }

    [Fact]
    public async Task Vocabulary_and_merges()
    {
        TokenizerFile.Save(Bpe(), _folder["bpe"]);
        var model = JsonNode.Parse(File.ReadAllText(_folder["bpe/tokenizer.json"]))!["model"]!;
        var vocabulary = Utf8(model["vocab"]!.ToJsonString());
        var merges = Utf8("#version: 0.2\n" + string.Join('\n', model["merges"]!.AsArray().Select(merge => merge is JsonArray pair ? $"{pair[0]} {pair[1]}" : (string)merge!)) + "\n");
        var side = Utf8("{ \"tokenizer_class\": \"GPT2Tokenizer\", \"bos_token\": \"<|endoftext|>\", \"eos_token\": { \"content\": \"<|endoftext|>\", \"lstrip\": false }, \"add_bos_token\": true, \"model_max_length\": 1024 }");
        _folder.Write("gpt2/vocab.json", vocabulary);
        _folder.Write("gpt2/merges.txt", merges);
        Use(TokenizerFile.Load(_folder["gpt2"]));
        foreach (var (name, original) in new[] { ("vocab.json", vocabulary), ("merges.txt", merges), ("tokenizer_config.json", side), ("special_tokens_map.json", side) })
        {
            await Damage(name, 2000, [original], file =>
            {
                _folder.Write($"gpt2/{name}", file);
                Use(TokenizerFile.Load(_folder["gpt2"]));
            });
            _folder.Write($"gpt2/{name}", original);
        }
    }

    [Fact]
    public async Task Generation_configs() => await Damage(
        GenerationConfig.FileName, 4000, [Utf8("{ \"bos_token_id\": 1, \"eos_token_id\": [2, 32001, 7], \"pad_token_id\": 0, \"temperature\": 0.7, \"transformers_version\": \"5.23.0\" }")], file =>
        {
            _folder.Write(GenerationConfig.FileName, file);
            Assert.NotNull(GenerationConfig.Load(_folder.FullPath));
        });

    [Fact]
    public async Task Adapters()
    {
        using var device = new CpuDevice(threads: 1, memoryLimitInBytes: 64 << 20);
        using var model = TinyModels.Create("llama", device);
        var config = new LoraConfig { TargetPattern = LoraConfig.AllLinear, Rank = 2, Alpha = 4, UsesDora = true, RankPattern = new Dictionary<string, int>(StringComparer.Ordinal) { ["q_proj"] = 3 } };
        using (var adapter = ModelAdapters.Create(model, config, device, new RandomStream(1, "lora")))
        {
            ModelAdapters.Save(model, adapter, _folder["adapter"]);
            ModelAdapters.Remove(model);
        }

        foreach (var name in new[] { LoraConfigFile.FileName, ModelAdapters.FileName })
        {
            var original = File.ReadAllBytes(_folder[$"adapter/{name}"]);
            var before = device.Memory.UsedBytes;
            await Damage(name, 4000, [original], file =>
            {
                _folder.Write($"adapter/{name}", file);
                using var adapter = ModelAdapters.Load(model, _folder["adapter"], device);
                ModelAdapters.Remove(model);
            });
            Assert.Equal(before, device.Memory.UsedBytes);
            _folder.Write($"adapter/{name}", original);
        }
    }

    [Fact]
    public async Task Chat_templates()
    {
        ChatMessage[] messages = [new("system", "Be kind."), new("user", "How many é are in this?"), new("assistant", "One."), new("user", "Thanks")];
        byte[][] files = [.. new[] { ChatMl, Elaborate }.Select(template => Utf8(
            new JsonObject { ["bos_token"] = "<s>", ["eos_token"] = new JsonObject { ["content"] = "</s>" }, ["chat_template"] = template }.ToJsonString()))];
        await Damage("chat templates", 6000, files, file =>
        {
            _folder.Write("chat/tokenizer_config.json", file);
            var options = new ChatTemplateOptions { AddGenerationPrompt = true, SpecialTokens = ChatTemplateFile.ReadSpecialTokens(_folder["chat"]), Clock = TimeProvider.System };
            Assert.NotNull(ChatTemplateFile.Load(_folder["chat"]).Render(messages, options).Text);
        });
    }

    private static Tokenizer Bpe() => BpeTrainer.Train(["the cat sat on the mat", "a cat and a hat"], new BpeTrainerOptions { VocabularySize = 280 });

    private byte[] GgufFileOf(string model, DType type, Tokenizer? tokenizer = null)
    {
        using var device = new CpuDevice(threads: 1);
        using (var saved = PretrainedModel.Create(TinyModels.Config(model) with { VocabularySize = 300 }, device, new RandomStream(7, "init")))
        {
            PretrainedModel.Save(saved, _folder["source"]);
        }

        if (tokenizer is not null)
        {
            TokenizerFile.Save(tokenizer, _folder["source"]);
        }

        ModelConversion.ToGguf(_folder["source"], _folder["source.gguf"], type);
        return File.ReadAllBytes(_folder["source.gguf"]);
    }
}
