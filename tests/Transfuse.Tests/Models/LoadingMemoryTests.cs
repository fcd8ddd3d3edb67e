using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Models;
using Transfuse.Models.Conversion;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Models;

/// <summary>
/// What loading takes beside the weights. The device counts its own memory; of the managed heap everything that is allocated on the way counts,
/// whether or not it would have been collected meanwhile, so that the bound holds for the worst moment all the more.
/// </summary>
public sealed class LoadingMemoryTests(ITestOutputHelper output) : IDisposable
{
    private const int Vocabulary = 1 << 15;
    private const int Hidden = 192;
    private const long LargestTensorBytes = 4L * Vocabulary * Hidden;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(SafetensorsType.F32)]
    [InlineData(SafetensorsType.BF16)]
    public void A_sharded_checkpoint_takes_no_more_than_its_weights_and_one_tensor(SafetensorsType type)
    {
        var parameters = Write(type);
        Assert.True(Directory.GetFiles(_folder["m"], "model-*.safetensors").Length >= 4);

        var (device, managed) = Load(_folder["m"], WeightPrecision.Float32);
        output.WriteLine($"weights {4 * parameters:N0}, device {device:N0}, managed {managed:N0}, largest tensor {LargestTensorBytes:N0} bytes");
        Assert.InRange(device, 4 * parameters, (4 * parameters) + (LargestTensorBytes / 8));
        Assert.InRange(managed, 0, LargestTensorBytes);
    }

    [Fact]
    public void Half_precision_that_rests_as_stored_takes_half_as_much()
    {
        var parameters = Write(SafetensorsType.BF16);

        var (device, managed) = Load(_folder["m"], WeightPrecision.AsStored);
        output.WriteLine($"weights {2 * parameters:N0}, device {device:N0}, managed {managed:N0}");
        Assert.InRange(device, 2 * parameters, (2 * parameters) + (LargestTensorBytes / 8));
        Assert.InRange(managed, 0, LargestTensorBytes);
    }

    [Theory]
    [InlineData(DType.F32)]
    [InlineData(DType.Q8_0)]
    public void A_gguf_file_takes_no_more_than_its_weights_and_one_tensor(DType type)
    {
        var parameters = Write(SafetensorsType.F32);
        ModelConversion.ToGguf(_folder["m"], _folder["m.gguf"], type);

        var (device, managed) = Load(_folder["m.gguf"], WeightPrecision.Float32);
        output.WriteLine($"weights {4 * parameters:N0}, device {device:N0}, managed {managed:N0}");
        Assert.InRange(device, 4 * parameters, (4 * parameters) + (LargestTensorBytes / 8));
        Assert.InRange(managed, 0, LargestTensorBytes);
    }

    /// <summary>A file of 5 GB is described from its header: nothing is allocated that grows with it. The file is sparse.</summary>
    [Fact]
    public void Headers_of_huge_files_are_read_and_nothing_else()
    {
        const long rows = 5_000_000_000 / (2 * 4096);
        var json = System.Text.Encoding.UTF8.GetBytes(
            $$$"""{"model.embed_tokens.weight":{"dtype":"BF16","shape":[{{{rows}}},4096],"data_offsets":[0,{{{rows * 4096 * 2}}}]}}""");
        using (var file = File.Create(_folder["huge.safetensors"]))
        {
            file.Write(BitConverter.GetBytes((long)json.Length));
            file.Write(json);
            file.SetLength(file.Position + (rows * 4096 * 2));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        using (var file = SafetensorsFile.Open(_folder["huge.safetensors"]))
        {
            Assert.Equal(rows * 4096, file.Entries[0].ElementCount);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    /// <summary>llama.cpp wants GPT-2's head twice. Whether it is the embedding is looked at in full for weights, at the beginning for a description.</summary>
    [Fact]
    public void A_configuration_is_read_without_the_weights()
    {
        using (var device = new CpuDevice(threads: 1))
        using (var model = PretrainedModel.Create(TinyModels.Config("gpt2-usual") with { VocabularySize = 4000 }, device, new RandomStream(3, "init")))
        {
            PretrainedModel.Save(model, _folder["m"]);
        }

        ModelConversion.ToGguf(_folder["m"], _folder["m.gguf"]);
        GgufEntry head;
        using (var file = GgufFile.Open(_folder["m.gguf"]))
        {
            head = file.Find("output.weight")!;
        }

        using (var handle = File.OpenHandle(_folder["m.gguf"], FileMode.Open, FileAccess.Write))
        {
            RandomAccess.Write(handle, [1, 2, 3], head.Offset + head.ByteCount - 3);
        }

        Assert.True(PretrainedModel.ReadConfig(_folder["m.gguf"]).TiesEmbeddings);
        using var whole = GgufModel.Open(_folder["m.gguf"]);
        Assert.Contains("lm_head.weight", whole.Tensors.Keys);
    }

    private long Write(SafetensorsType type)
    {
        var config = (LlamaConfig)TinyModels.Config("llama") with { VocabularySize = Vocabulary, HiddenSize = Hidden, IntermediateSize = 512, LayerCount = 2, HeadCount = 4 };
        using var device = new CpuDevice(threads: 2);
        using var model = PretrainedModel.Create(config, device, new RandomStream(3, "init"));
        PretrainedModel.Save(model, _folder["m"], type, maxShardBytes: 800_000);
        return model.ParameterCount;
    }

    private static (long Device, long Managed) Load(string path, WeightPrecision precision)
    {
        using var device = new CpuDevice(threads: 1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var model = PretrainedModel.Load(path, device, precision: precision);
        return (device.Memory.PeakReservedBytes, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
