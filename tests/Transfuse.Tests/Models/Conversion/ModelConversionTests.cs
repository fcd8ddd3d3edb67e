using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Models.Conversion;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;
using Transfuse.Tokenization;
using Transfuse.Tokenization.Bpe;
using Xunit.Abstractions;

namespace Transfuse.Tests.Models.Conversion;

public sealed class ModelConversionTests(ITestOutputHelper output) : IDisposable
{
    private const int Vocabulary = 300;
    private const string Sample = "The method returns the value of the property, 12 times; naïve café.";
    private readonly CpuDevice _device = new(threads: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        _device.Dispose();
    }

    /// <summary>Tiny models that GGUF can say.</summary>
    public static TheoryData<string> Models() => [.. TinyModels.Names.Where(CanBeSaid), "qwen2", "smollm3-usual", "gpt2-usual"];

    [Theory]
    [MemberData(nameof(Models))]
    public void There_and_back_gives_the_same_bits(string name)
    {
        var folder = WriteFolder(name);
        ModelConversion.ToGguf(folder, _folder["m.gguf"], DType.F32);
        ModelConversion.ToFolder(_folder["m.gguf"], _folder["back"]);

        using var before = SafetensorsFile.Open(Path.Combine(folder, SafetensorsCheckpoint.SingleFileName));
        using var after = SafetensorsFile.Open(Path.Combine(_folder["back"], SafetensorsCheckpoint.SingleFileName));
        Assert.Equal(before.Entries.Select(entry => (entry.Name, entry.Type, entry.ShapeText)), after.Entries.Select(entry => (entry.Name, entry.Type, entry.ShapeText)));
        foreach (var entry in before.Entries)
        {
            if (HasFactor(name, entry.Name))
            {
                Assert.All(Singles(before.ReadBytes(entry)).Zip(Singles(after.ReadBytes(after.Get(entry.Name)))), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
                continue;
            }

            Assert.Equal(before.ReadBytes(entry), after.ReadBytes(after.Get(entry.Name)));
        }

        Assert.Equal(File.ReadAllText(Path.Combine(folder, ModelConfig.FileName)), File.ReadAllText(Path.Combine(_folder["back"], ModelConfig.FileName)));
        var (first, second) = (TokenizerFile.Load(folder), TokenizerFile.Load(_folder["back"]));
        Assert.Equal(first.Encode(Sample).Ids, second.Encode(Sample).Ids);
        Assert.Equal(first.ContentHash, second.ContentHash);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_model_loaded_from_gguf_computes_the_same_bits_also_without_what_was_stored(string name)
    {
        var folder = WriteFolder(name);
        ModelConversion.ToGguf(folder, _folder["m.gguf"], DType.F32);
        // The keys alone must do: the stored config.json is made unreadable.
        var bytes = File.ReadAllBytes(_folder["m.gguf"]);
        var key = System.Text.Encoding.UTF8.GetBytes("transfuse.config.json");
        bytes[bytes.AsSpan().IndexOf(key)] = (byte)'T';
        File.WriteAllBytes(_folder["keys.gguf"], bytes);

        using var original = PretrainedModel.Load(folder, _device);
        using var stored = PretrainedModel.Load(_folder["m.gguf"], _device);
        using var keys = PretrainedModel.Load(_folder["keys.gguf"], _device);
        // GGUF ends the context at a window that llama.cpp has no place for.
        var count = Math.Min(24, Math.Min(keys.Config.MaxPositions, original.Config.MaxPositions));
        var expected = Hidden(original, count);
        if (HasFactor(name, "q_"))
        {
            Assert.All(expected.Zip(Hidden(stored, count)), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
            Assert.All(expected.Zip(Hidden(keys, count)), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
            return;
        }

        Assert.Equal(expected, Hidden(stored, count));
        Assert.Equal(expected, Hidden(keys, count));
    }

    [Theory]
    [InlineData(DType.F16, 1e-2)]
    [InlineData(DType.BF16, 8e-2)]
    [InlineData(DType.Q8_0, 0.2)]
    [InlineData(DType.Q4_0, 2)]
    public void Narrower_types_change_little(DType type, double tolerance)
    {
        var folder = WriteFolder("neox");
        ModelConversion.ToGguf(folder, _folder["m.gguf"], type);

        using var original = PretrainedModel.Load(folder, _device);
        using var narrow = PretrainedModel.Load(_folder["m.gguf"], _device);
        using (var file = GgufFile.Open(_folder["m.gguf"]))
        {
            Assert.Equal(type, file.Find("blk.0.attn_qkv.weight")!.Type);
            Assert.Equal(DType.F32, file.Find("blk.0.attn_norm.weight")!.Type);
            Assert.Equal(type.BlockElements() == 1 ? type : DType.F16, file.Find("blk.0.ffn_down.weight")!.Type);
        }

        var difference = Hidden(original).Zip(Hidden(narrow), (left, right) => Math.Abs(left - right)).Max();
        output.WriteLine($"{type}: {difference:g3}");
        Assert.InRange(difference, 1e-9, tolerance);
    }

    [Theory]
    [InlineData("llama-bias", DType.BF16)]
    [InlineData("neox", DType.Q8_0)]
    [InlineData("neox", DType.Q4_0)]
    [InlineData("mpt", DType.F16)]
    public void Weights_that_rest_as_stored_give_the_bits_of_widened_ones_and_are_frozen(string name, DType type)
    {
        ModelConversion.ToGguf(WriteFolder(name), _folder["m.gguf"], type);
        using var widened = PretrainedModel.Load(_folder["m.gguf"], _device);
        using var resting = PretrainedModel.Load(_folder["m.gguf"], _device, precision: WeightPrecision.AsStored);
        var ids = TinyModels.Ids(20);

        Assert.Equal(Hidden(widened), Hidden(resting));
        Assert.Equal(
            new SequenceScorer(widened, _device).Score([ids], 3).Single().LogProbabilities, new SequenceScorer(resting, _device).Score([ids], 3).Single().LogProbabilities);
        Assert.All(resting.Parameters, parameter => Assert.Equal(parameter.Value.Shape.Rank == 1, parameter.IsTrainable));
        Assert.Throws<InvalidOperationException>(() => resting.HeadWeight.IsTrainable = true);
        var exception = Assert.Throws<InvalidOperationException>(() => PretrainedModel.Save(resting, _folder["saved"]));
        Assert.Contains("widened to float32", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("llama", DType.Q8_0)]
    [InlineData("neox", DType.Q4_0)]
    [InlineData("neox", DType.Q8_0)]
    public void Quantised_matrices_may_multiply_in_integers(string name, DType type)
    {
        using var device = new CpuDevice(threads: 2, precision: ProductPrecision.Int8);
        if (device.Precision != ProductPrecision.Int8)
        {
            return;
        }

        ModelConversion.ToGguf(WriteFolder(name, Wide), _folder["m.gguf"], type);
        using var widened = PretrainedModel.Load(_folder["m.gguf"], _device);
        using var packed = PretrainedModel.Load(_folder["m.gguf"], device, precision: WeightPrecision.Packed);
        Assert.Contains(packed.Parameters, parameter => parameter.Value.IsResting);
        var ids = TinyModels.Ids(40);
        var expected = new SequenceScorer(widened, _device).Score([ids], 3).Single().LogProbabilities.Skip(1);
        var actual = new SequenceScorer(packed, device).Score([ids], 3).Single().LogProbabilities.Skip(1);
        var difference = expected.Zip(actual, (left, right) => Math.Abs(left - right)).Max();
        output.WriteLine($"{name} {type}: {difference:g3}");
        Assert.InRange(difference, 1e-6, 0.05);
    }

    [Theory]
    [InlineData(SafetensorsType.BF16)]
    [InlineData(SafetensorsType.F16)]
    public void Half_precision_folders_may_rest_too(SafetensorsType type)
    {
        using (var model = TinyModels.Create("llama-tied-grouped", _device))
        {
            PretrainedModel.Save(model, _folder["half"], type);
        }

        using var widened = PretrainedModel.Load(_folder["half"], _device);
        using var resting = PretrainedModel.Load(_folder["half"], _device, precision: WeightPrecision.AsStored);
        Assert.True(resting.HeadWeight.Value.IsResting);
        Assert.Equal(Hidden(widened), Hidden(resting));
    }

    [Fact]
    public void Shards_are_written_and_read()
    {
        ModelConversion.ToGguf(WriteFolder("llama"), _folder["m.gguf"], DType.F32);
        ModelConversion.ToFolder(_folder["m.gguf"], _folder["back"], SafetensorsType.F16, maxShardBytes: 4000);

        Assert.True(File.Exists(Path.Combine(_folder["back"], SafetensorsCheckpoint.IndexFileName)));
        using var model = PretrainedModel.Load(_folder["back"], _device);
        Assert.Equal(TinyModels.Config("llama").HiddenSize, model.Config.HiddenSize);
    }

    [Theory]
    [InlineData("mpt-clip", "logit_scale")]
    [InlineData("smollm3", "no_rope_layers")]
    public void What_gguf_cannot_say_is_refused(string name, string key)
    {
        var folder = WriteFolder(name);

        Assert.Contains(key, Assert.Throws<ModelFormatException>(() => ModelConversion.ToGguf(folder, _folder["m.gguf"])).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["m.gguf"]));
        Assert.Empty(Directory.EnumerateFiles(_folder.FullPath, "*.partial"));
    }

    /// <summary>llama.cpp loads what is written, and computes what we do. Its GELU is a table of half-precision values.</summary>
    [OracleTheory]
    [Trait("Category", "Reference")]
    [InlineData("llama", 1e-4)]
    [InlineData("llama-tied-grouped", 1e-4)]
    [InlineData("llama-bias", 1e-4)]
    [InlineData("llama-linear", 1e-4)]
    [InlineData("neox", 5e-3)]
    [InlineData("neox-one-head", 5e-3)]
    [InlineData("mpt", 5e-3)]
    [InlineData("smollm3-usual", 1e-4)]
    [InlineData("gpt2-usual", 5e-3)]
    public void Llama_cpp_computes_the_same_log_probabilities(string name, double tolerance)
    {
        ModelConversion.ToGguf(WriteFolder(name), _folder["m.gguf"], DType.F32);
        using var model = PretrainedModel.Load(_folder["m.gguf"], _device);
        var largest = LlamaCpp.LargestDifference(_folder["m.gguf"], model, _device, TinyModels.Ids(20));
        output.WriteLine($"{name}: largest difference {largest:g3}");
        Assert.InRange(largest, 0, tolerance);
    }

    /// <summary>
    /// llama.cpp loads every type of every architecture and computes with its blocks what we compute with the widened weights. It rounds the
    /// activations as well, to half precision or to blocks of 8 bits, which makes the difference.
    /// </summary>
    [OracleTheory]
    [Trait("Category", "Reference")]
    [MemberData(nameof(NarrowCases))]
    public void Llama_cpp_computes_about_the_same_with_narrower_types(string name, DType type)
    {
        ModelConversion.ToGguf(WriteFolder(name, Wide), _folder["m.gguf"], type);
        using var model = PretrainedModel.Load(_folder["m.gguf"], _device);
        using (var file = GgufFile.Open(_folder["m.gguf"]))
        {
            Assert.Equal(type, file.Find("blk.1.ffn_down.weight")!.Type);
        }

        var largest = LlamaCpp.LargestDifference(_folder["m.gguf"], model, _device, TinyModels.Ids(20));
        output.WriteLine($"{name} {type}: largest difference {largest:g3}");
        Assert.InRange(largest, 0, type switch { DType.F16 => 6e-3, DType.BF16 => 6e-2, _ => 0.15 });
    }

    public static TheoryData<string, DType> NarrowCases()
    {
        var cases = new TheoryData<string, DType>();
        foreach (var name in (string[])["llama", "qwen2", "qwen3", "neox", "mpt", "gpt2-usual"])
        {
            foreach (var type in (DType[])[DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0])
            {
                cases.Add(name, type);
            }
        }

        return cases;
    }

    /// <summary>With rows that are whole numbers of blocks, and weights small enough for roundings not to grow from layer to layer.</summary>
    private static ModelConfig Wide(ModelConfig config) => config with { HiddenSize = 64, IntermediateSize = 96, HeadCount = 4, InitializerRange = 0.1 };

    [OracleFact]
    [Trait("Category", "Reference")]
    public void Llama_cpp_gives_the_same_ids_with_a_written_tokenizer()
    {
        ModelConversion.ToGguf(WriteFolder("llama"), _folder["m.gguf"], DType.F32);
        var ids = JsonSerializer.Deserialize<int[]>(Oracles.Llora(Sample, "tokenize", _folder["m.gguf"], "--no-special"))!;

        Assert.Equal(TokenizerFile.Load(_folder["m.gguf"]).Encode(Sample).Ids, ids);
    }

    private static bool CanBeSaid(string name)
    {
        try
        {
            var config = new ConfigTree(JsonNode.Parse(TinyModels.Config(name).ToJson())!.AsObject(), name);
            return GgufArchitectures.FromModelType(config.Find("model_type")!.ToString()) is { } architecture && GgufConfig.Export(architecture, config).Keys.Count > 0;
        }
        catch (ModelFormatException)
        {
            return false;
        }
    }

    private string WriteFolder(string name, Func<ModelConfig, ModelConfig>? change = null)
    {
        var folder = _folder["m"];
        var config = TinyModels.Config(name) with { VocabularySize = Vocabulary };
        using var model = PretrainedModel.Create(change is null ? config : change(config), _device, new RandomStream(7, "init"));
        PretrainedModel.Save(model, folder);
        var tokenizer = BpeTrainer.Train([Sample, Sample], new BpeTrainerOptions { VocabularySize = Vocabulary - 5 });
        TokenizerFile.Save(tokenizer, folder);
        return folder;
    }

    /// <summary>Weights that Gemma's own scale of scores is folded into come back multiplied and divided, so with a rounding.</summary>
    private static bool HasFactor(string model, string tensor) => model is "gemma2" or "gemma3" && tensor.Contains("q_", StringComparison.Ordinal);

    private static float[] Singles(byte[] bytes) => MemoryMarshal.Cast<byte, float>(bytes).ToArray();

    private float[] Hidden(LanguageModel model, int count = 24)
    {
        using var tape = new Tape(_device, recordGradients: false);
        return model.Forward(tape, TokenBatch.FromLengths(TinyModels.Ids(count), [count])).Value.AsSpan().ToArray();
    }
}
