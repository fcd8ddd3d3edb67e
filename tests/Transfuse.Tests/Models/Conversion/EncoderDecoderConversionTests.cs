using System.Text.Json;
using Transfuse.Checkpoints;
using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Models.Conversion;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;
using Transfuse.Tests.Tokenization;
using Transfuse.Tokenization;

namespace Transfuse.Tests.Models.Conversion;

/// <summary>T5 through GGUF and back.</summary>
public sealed class EncoderDecoderConversionTests : IDisposable
{
    private readonly CpuDevice _device = new(threads: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        _device.Dispose();
    }

    [Theory]
    [InlineData("relu", true, 2)]
    [InlineData("gated-gelu", false, 2)]
    [InlineData("gated-gelu", true, 3)]
    public void The_same_model_and_ids_come_from_the_file_its_keys_alone_and_the_folder_made_of_it(string feedForward, bool isTied, int decoderLayers)
    {
        var folder = WriteFolder(Config(feedForward, isTied, decoderLayers));
        ModelConversion.ToGguf(folder, _folder["m.gguf"], DType.F32);
        ModelConversion.ToFolder(_folder["m.gguf"], _folder["back"]);
        // The keys alone must do: the stored config.json and tokenizer are made unreadable.
        var bytes = File.ReadAllBytes(_folder["m.gguf"]);
        foreach (var key in (byte[][])["transfuse.config.json"u8.ToArray(), "tokenizer.huggingface.json"u8.ToArray()])
        {
            if (bytes.AsSpan().IndexOf(key) is >= 0 and var at)
            {
                bytes[at] ^= 0x20;
            }
        }

        File.WriteAllBytes(_folder["keys.gguf"], bytes);

        var expected = Hidden(folder);
        var tokenizer = TokenizerFile.Load(folder);
        foreach (var path in (string[])["m.gguf", "keys.gguf", "back"])
        {
            Assert.True(PretrainedModel.IsEncoderDecoder(_folder[path]));
            Assert.Equal(feedForward, ((T5Config)PretrainedModel.ReadConfig(_folder[path])).FeedForward);
            // A scaled output is folded into the norm before the head, and taken out again with a rounding.
            Assert.All(expected.Zip(Hidden(_folder[path])), pair => Assert.Equal(pair.First, pair.Second, isTied ? 1e-6f : 0));
            foreach (var text in (string[])["ab  ba the cat", "a", "é\n b"])
            {
                Assert.Equal(tokenizer.Encode(text).Ids, TokenizerFile.Load(_folder[path]).Encode(text).Ids);
            }
        }
    }

    /// <summary>llama.cpp reads the file and its tokenizer (it knows no bytes in place of unknown characters). What it computes is not compared: llora runs no encoder.</summary>
    [OracleTheory]
    [Trait("Category", "Reference")]
    [InlineData("relu", true)]
    [InlineData("gated-gelu", false)]
    public void Llama_cpp_gives_the_same_ids_with_a_written_tokenizer(string feedForward, bool isTied)
    {
        var folder = WriteFolder(Config(feedForward, isTied, decoderLayers: 2));
        ModelConversion.ToGguf(folder, _folder["m.gguf"], DType.F32);
        var tokenizer = TokenizerFile.Load(_folder["m.gguf"]);
        foreach (var text in (string[])["ab  ba", "a", "b a  bab a"])
        {
            Assert.Equal(tokenizer.Encode(text).Ids, JsonSerializer.Deserialize<int[]>(Oracles.Llora(text, "tokenize", _folder["m.gguf"]))!);
        }
    }

    [Fact]
    public void A_decoder_deeper_than_the_encoder_is_warned_of_since_llama_cpp_does_not_load_it()
    {
        var warnings = new List<string>();
        ModelConversion.ToGguf(
            WriteFolder(Config("relu", isTied: true, decoderLayers: 3)), _folder["m.gguf"], DType.F32, new Recorder(warnings));
        Assert.Contains(warnings, warning => warning.Contains("deeper than the encoder", StringComparison.Ordinal));
    }

    [Fact]
    public void Another_distance_of_relative_positions_is_refused()
    {
        var folder = WriteFolder(Config("relu", isTied: true, decoderLayers: 2) with { RelativeMaxDistance = 20 });
        var exception = Assert.Throws<ModelFormatException>(() => ModelConversion.ToGguf(folder, _folder["m.gguf"]));
        Assert.Contains("relative_attention_max_distance", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_activation_is_refused()
    {
        var folder = WriteFolder(Config("gated-silu", isTied: false, decoderLayers: 2));
        var exception = Assert.Throws<ModelFormatException>(() => ModelConversion.ToGguf(folder, _folder["m.gguf"]));
        Assert.Contains("feed_forward_proj", exception.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["m.gguf"]));
    }

    private sealed class Recorder(List<string> warnings) : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => warnings.Add(((WarningEvent)value).Message);
    }

    private static T5Config Config(string feedForward, bool isTied, int decoderLayers) => new()
    {
        VocabularySize = 267,
        HiddenSize = 20,
        HeadDimension = 6,
        IntermediateSize = 28,
        LayerCount = 2,
        DecoderLayerCount = decoderLayers,
        HeadCount = 3,
        MaxPositions = 512,
        RelativeBuckets = 8,
        FeedForward = feedForward,
        TiesEmbeddings = isTied,
        EosIds = [1],
    };

    private string WriteFolder(T5Config config)
    {
        using var model = PretrainedModel.CreateEncoderDecoder(config, _device, new RandomStream(3, "init"));
        PretrainedModel.Save(model, _folder["source"]);
        _folder.Write("source/spiece.model", HandmadeSentencePiece.Model(1));
        return _folder["source"];
    }

    private float[] Hidden(string path)
    {
        using var model = PretrainedModel.LoadEncoderDecoder(path, _device);
        using var tape = new Tape(_device, recordGradients: false);
        var (source, target) = (TokenBatch.FromLengths(TinyModels.Ids(19, 1), [12, 7]), TokenBatch.FromLengths([0, 5, 9, 0, 3], [3, 2]));
        var hidden = model.Decode(tape, target, source, model.Encode(tape, source)).Value;
        return [.. hidden.AsSpan().ToArray().Select(value => value * model.HeadOptions.LogitScale), .. model.HeadWeight.Value.AsSpan()];
    }
}
