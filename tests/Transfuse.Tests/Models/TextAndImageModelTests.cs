using System.Text.Json.Nodes;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tests.Models.Golden;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Models;

/// <summary>Gemma 3 as published, whose checkpoints hold parts that see images beside the one that reads text.</summary>
public sealed class TextAndImageModelTests : IDisposable
{
    private readonly CpuDevice _device = new(threads: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        _device.Dispose();
    }

    [Theory]
    [InlineData("language_model.model.", "vision_tower.", "multi_modal_projector.")]
    [InlineData("model.language_model.", "model.vision_tower.", "model.multi_modal_projector.")]
    public void Its_text_part_is_loaded_and_the_rest_is_left_out(string text, string vision, string projector)
    {
        using var model = TinyModels.Create("gemma3", _device);
        Write(model, text, [$"{vision}vision_model.embeddings.patch_embedding.weight", $"{projector}mm_input_projection_weight"]);
        var messages = new List<string>();
        using var loaded = PretrainedModel.Load(_folder.FullPath, _device, new Warnings(messages));
        Assert.Contains("2 tensors of the parts that see images are left out", Assert.Single(messages), StringComparison.Ordinal);
        Assert.Equal("gemma3_text", loaded.ModelType);
        Assert.Equal(((int?)2, (int?)0), (loaded.Config.BosId, loaded.Config.PadId));
        Assert.Equal([1, 106], loaded.Config.EosIds);
        var batch = TokenBatch.FromLengths(TinyModels.Ids(12), [12]);
        Assert.Equal(GoldenModelCase.Logits(model, _device, batch), GoldenModelCase.Logits(loaded, _device, batch));

        // Written, it is a model of text alone.
        PretrainedModel.Save(loaded, _folder["saved"]);
        Assert.Contains("\"Gemma3ForCausalLM\"", File.ReadAllText(Path.Combine(_folder["saved"], ModelConfig.FileName)), StringComparison.Ordinal);
        using var again = PretrainedModel.Load(_folder["saved"], _device);
        Assert.Equal(GoldenModelCase.Logits(model, _device, batch), GoldenModelCase.Logits(again, _device, batch));
    }

    [Fact]
    public void Tensors_that_belong_to_no_part_are_refused()
    {
        using var model = TinyModels.Create("gemma3", _device);
        Write(model, "language_model.model.", ["audio_tower.conv.weight"]);
        var exception = Assert.Throws<ModelFormatException>(() => PretrainedModel.Load(_folder.FullPath, _device));
        Assert.Contains("unknown tensors: audio_tower.conv.weight", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Published_files_leave_most_of_the_text_part_to_the_class()
    {
        // What config.json of the 4B model says.
        var config = Assert.IsType<LlamaConfig>(ModelConfig.Parse(
            """
            {"architectures":["Gemma3ForConditionalGeneration"],"model_type":"gemma3","eos_token_id":[1,106],"image_token_index":262144,
             "text_config":{"hidden_size":2560,"intermediate_size":10240,"model_type":"gemma3_text","num_hidden_layers":34,
              "rope_scaling":{"factor":8.0,"rope_type":"linear"},"sliding_window":1024},
             "vision_config":{"hidden_size":1152}}
            """, "c"));
        Assert.Equal((2560, 34, 8, 4, 256, 262208), (config.HiddenSize, config.LayerCount, config.HeadCount, config.KeyValueHeadCount, config.HeadSize, config.VocabularySize));
        Assert.Equal((1024, 0, 8.0, 1e6, 1e4), (config.WindowOf(0), config.WindowOf(5), config.Rope.Factor, config.Rope.Theta, config.LocalRope.Theta));
        Assert.Equal([1, 106], config.EosIds);
        Assert.True(config.TiesEmbeddings);
        Assert.Empty(config.OtherKeys);
    }

    /// <summary>Writes the model as a part of one that sees images; ids stand beside the text part.</summary>
    private void Write(LanguageModel model, string text, string[] others)
    {
        var part = JsonNode.Parse(model.Config.ToJson())!.AsObject();
        foreach (var key in (string[])["architectures", "bos_token_id", "eos_token_id", "pad_token_id", "tie_word_embeddings"])
        {
            part.Remove(key);
        }

        var whole = new JsonObject { ["model_type"] = "gemma3", ["text_config"] = part, ["vision_config"] = new JsonObject(), ["eos_token_id"] = new JsonArray(1, 106) };
        File.WriteAllText(_folder[ModelConfig.FileName], whole.ToJsonString());
        var tensors = GoldenTraining.ByFileName(model, parameter => parameter.Value);
        var shapes = PretrainedModel.WeightsOf(model.Config).Specs.SelectMany(spec => spec.Parts).ToDictionary(
            tensor => tensor.FileName, tensor => Enumerable.Range(0, tensor.Shape.Rank).Select(axis => tensor.Shape[axis]).ToArray());
        string Rename(string name) => text + name["model.".Length..];
        using var writer = new SafetensorsWriter(
            _folder[SafetensorsCheckpoint.SingleFileName],
            [.. shapes.Select(pair => new SafetensorsTensor(Rename(pair.Key), SafetensorsType.F32, pair.Value)),
                .. others.Select(name => new SafetensorsTensor(name, SafetensorsType.F32, [2, 3]))]);
        foreach (var (name, values) in tensors)
        {
            writer.Write(Rename(name), values);
        }

        Array.ForEach(others, name => writer.Write(name, new float[6]));
        writer.Complete();
    }

    private sealed class Warnings(List<string> messages) : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => messages.Add(Assert.IsType<WarningEvent>(value).Message);
    }
}
