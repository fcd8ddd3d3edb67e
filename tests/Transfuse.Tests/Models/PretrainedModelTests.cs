using System.Runtime.InteropServices;
using System.Text.Json;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Models;

public sealed class PretrainedModelTests : IDisposable
{
    private readonly CpuDevice _device = new(threads: 2);
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Models() => TinyModels.AllCases();

    public void Dispose()
    {
        _folder.Dispose();
        _device.Dispose();
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void What_was_saved_loads_with_equal_bits(string name)
    {
        using var model = TinyModels.Create(name, _device);
        PretrainedModel.Save(model, _folder.FullPath);
        using var again = PretrainedModel.Load(_folder.FullPath, _device);
        Assert.Equal(model.Config.ToJson(), again.Config.ToJson());
        foreach (var (before, after) in model.Parameters.Zip(again.Parameters))
        {
            Assert.Equal(before.Name, after.Name);
            Assert.Equal(before.Value.Shape, after.Value.Shape);
            Assert.True(MemoryMarshal.AsBytes(before.Value.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(after.Value.AsSpan())), before.Name);
        }

        var first = File.ReadAllBytes(_folder["model.safetensors"]);
        PretrainedModel.Save(again, _folder.FullPath);
        Assert.Equal(first, File.ReadAllBytes(_folder["model.safetensors"]));
        Assert.Equal(3, Directory.GetFiles(_folder.FullPath).Length);
    }

    [Fact]
    public void Half_precision_files_load_rounded()
    {
        using var model = TinyModels.Create("llama", _device);
        PretrainedModel.Save(model, _folder.FullPath, SafetensorsType.BF16);
        Assert.Contains("\"bfloat16\"", File.ReadAllText(_folder["config.json"]), StringComparison.Ordinal);
        using var again = PretrainedModel.Load(_folder.FullPath, _device);
        var before = model.Parameters[1].Value.AsSpan();
        var after = again.Parameters[1].Value.AsSpan();
        for (var i = 0; i < before.Length; i++)
        {
            Assert.True(Math.Abs(before[i] - after[i]) <= Math.Abs(before[i]) / 256);
            Assert.Equal(0u, BitConverter.SingleToUInt32Bits(after[i]) & 0xFFFF);
        }
    }

    [Fact]
    public void Fused_parameters_hold_the_rows_of_the_file_in_order()
    {
        using var model = TinyModels.Create("llama-tied-grouped", _device);
        PretrainedModel.Save(model, _folder.FullPath);
        using var file = SafetensorsFile.Open(_folder["model.safetensors"]);
        Assert.Null(file.Find("lm_head.weight"));
        Assert.Equal([18, 24], file.Get("model.layers.1.self_attn.q_proj.weight").Dimensions);
        Assert.Equal([6, 24], file.Get("model.layers.1.self_attn.k_proj.weight").Dimensions);
        var value = new float[6 * 24];
        file.ReadSingles(file.Get("model.layers.1.self_attn.v_proj.weight"), 0, value);
        var fused = model.Parameters.Single(parameter => parameter.Name.Equals("model.layers.1.self_attn.qkv_proj.weight", StringComparison.Ordinal));
        Assert.Equal(fused.Value.AsSpan()[(24 * 24)..].ToArray(), value);
    }

    [Fact]
    public void New_models_start_as_documented_and_repeat()
    {
        var config = (LlamaConfig)TinyModels.Config("llama") with { HiddenSize = 96, HeadCount = 4, IntermediateSize = 512, LayerCount = 8, InitializerRange = 0.02 };
        using var model = PretrainedModel.Create(config, _device, new RandomStream(3, "init"));
        using var same = PretrainedModel.Create(config, _device, new RandomStream(3, "init"));
        using var other = PretrainedModel.Create(config, _device, new RandomStream(4, "init"));
        Assert.Equal(model.Parameters[0].Value.AsSpan().ToArray(), same.Parameters[0].Value.AsSpan().ToArray());
        Assert.NotEqual(model.Parameters[0].Value.AsSpan().ToArray(), other.Parameters[0].Value.AsSpan().ToArray());
        foreach (var parameter in model.Parameters)
        {
            var values = parameter.Value.AsSpan().ToArray();
            if (parameter.Name.Contains("norm", StringComparison.Ordinal))
            {
                Assert.All(values, value => Assert.Equal(1, value));
                Assert.False(parameter.Decays);
                continue;
            }

            Assert.True(parameter.Decays);
            var expected = parameter.Name.Contains("o_proj", StringComparison.Ordinal) || parameter.Name.Contains("down_proj", StringComparison.Ordinal) ? 0.02 / 4 : 0.02;
            var deviation = Math.Sqrt(values.Average(value => (double)value * value));
            Assert.Equal(expected, deviation, expected * 4 / Math.Sqrt(2.0 * values.Length));
        }
    }

    [Fact]
    public void An_impossible_config_is_refused_with_all_problems()
    {
        var config = (LlamaConfig)TinyModels.Config("llama") with { HeadCount = 5, KeyValueHeads = 2, Activation = "mish" };
        var exception = Assert.Throws<ArgumentException>(() => PretrainedModel.Create(config, _device, new RandomStream(1, "init")));
        Assert.Contains("mish", exception.Message, StringComparison.Ordinal);
        Assert.Contains("5 heads", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_unknown_and_misshaped_tensors_are_all_named()
    {
        Rewrite(tensor => tensor.Name switch
        {
            "model.norm.weight" => null,
            "model.layers.0.mlp.up_proj.weight" => tensor with { Dimensions = [24, 40] },
            "model.layers.1.mlp.up_proj.weight" => tensor with { Name = "model.layers.1.mlp.upper.weight" },
            _ => tensor,
        });
        var before = _device.Memory.UsedBytes;
        var message = Assert.Throws<ModelFormatException>(() => PretrainedModel.Load(_folder.FullPath, _device)).Message;
        Assert.Contains("missing tensors: model.layers.1.mlp.up_proj.weight [40, 24], model.norm.weight [24]", message, StringComparison.Ordinal);
        Assert.Contains("model.layers.0.mlp.up_proj.weight is F32 [24, 40], expected reals [40, 24]", message, StringComparison.Ordinal);
        Assert.Contains("unknown tensors: model.layers.1.mlp.upper.weight", message, StringComparison.Ordinal);
        Assert.Equal(before, _device.Memory.UsedBytes);
    }

    [Fact]
    public void Files_of_the_bare_model_and_old_buffers_load()
    {
        Rewrite(
            tensor => tensor.Name.StartsWith("model.", StringComparison.Ordinal) ? tensor with { Name = tensor.Name["model.".Length..] } : tensor,
            new SafetensorsTensor("layers.0.self_attn.rotary_emb.inv_freq", SafetensorsType.F32, [4]));
        using var model = PretrainedModel.Load(_folder.FullPath, _device);
        using var original = TinyModels.Create("llama", _device);
        Assert.Equal(original.Parameters[^1].Value.AsSpan().ToArray(), model.Parameters[^1].Value.AsSpan().ToArray());
    }

    [Fact]
    public void A_different_head_beside_a_tied_embedding_is_kept_with_a_warning()
    {
        using (var model = TinyModels.Create("llama", _device))
        {
            PretrainedModel.Save(model, _folder.FullPath);
        }

        var config = File.ReadAllText(_folder["config.json"]);
        File.WriteAllText(_folder["config.json"], config.Replace("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true", StringComparison.Ordinal));
        var warnings = new Warnings();
        using var loaded = PretrainedModel.Load(_folder.FullPath, _device, warnings);
        Assert.False(loaded.Config.TiesEmbeddings);
        Assert.NotSame(loaded.Parameters[0], loaded.HeadWeight);
        Assert.Contains("lm_head.weight", Assert.Single(warnings.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_weight_file_is_a_format_error()
    {
        using (var model = TinyModels.Create("mpt", _device))
        {
            PretrainedModel.Save(model, _folder.FullPath);
        }

        var bytes = File.ReadAllBytes(_folder["model.safetensors"]);
        File.WriteAllBytes(_folder["model.safetensors"], bytes[..(bytes.Length / 2)]);
        Assert.Throws<ModelFormatException>(() => PretrainedModel.Load(_folder.FullPath, _device));
    }

    [Fact]
    public void The_generation_config_names_the_stop_ids()
    {
        using var model = TinyModels.Create("llama-tied-grouped", _device);
        PretrainedModel.Save(model, _folder.FullPath);
        using var json = JsonDocument.Parse(File.ReadAllBytes(_folder["generation_config.json"]));
        Assert.Equal([2, 3], json.RootElement.GetProperty("eos_token_id").EnumerateArray().Select(id => id.GetInt32()));
        Assert.Equal(1, json.RootElement.GetProperty("bos_token_id").GetInt32());
    }

    /// <summary>Saves a Llama and writes its weight file again with other names and shapes.</summary>
    private void Rewrite(Func<SafetensorsTensor, SafetensorsTensor?> change, params SafetensorsTensor[] added)
    {
        using (var model = TinyModels.Create("llama", _device))
        {
            PretrainedModel.Save(model, _folder.FullPath);
        }

        var contents = new List<(SafetensorsTensor Tensor, float[] Values)>();
        using (var file = SafetensorsFile.Open(_folder["model.safetensors"]))
        {
            foreach (var entry in file.Entries)
            {
                var values = new float[entry.ElementCount];
                file.ReadSingles(entry, 0, values);
                if (change(new SafetensorsTensor(entry.Name, entry.Type, [.. entry.Dimensions.Select(size => (int)size)])) is { } tensor)
                {
                    contents.Add((tensor, values));
                }
            }
        }

        contents.AddRange(added.Select(tensor => (tensor, new float[tensor.ElementCount])));
        using var writer = new SafetensorsWriter(_folder["model.safetensors"], contents.Select(content => content.Tensor));
        contents.ForEach(content => writer.Write(content.Tensor.Name, content.Values));
        writer.Complete();
    }

    private sealed class Warnings : IProgress<RunEvent>
    {
        internal List<string> Messages { get; } = [];

        public void Report(RunEvent value) => Messages.Add(Assert.IsType<WarningEvent>(value).Message);
    }
}
