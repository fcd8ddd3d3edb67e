using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tests.Models;
using Transfuse.Tests.Shared;
using Transfuse.Tests.Tokenization;
using Transfuse.Tokenization;
using Transfuse.Tokenization.Bpe;

namespace Transfuse.Tests.HostileFiles;

/// <summary>
/// Every format that is read, damaged thousands of times: what comes out is a result or an error of our own; nothing hangs, and nothing
/// allocates much more than the file's size.
/// </summary>
public sealed partial class HostileFileTests : IDisposable
{
    private const long AllocationConstant = 8 << 20;
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(10);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Configs() => await Damage("config.json", 8000, [.. TinyModels.Names.Select(name => Utf8(TinyModels.Config(name).ToJson()))], file =>
    {
        var config = ModelConfig.Parse(System.Text.Encoding.UTF8.GetString(file), "config.json");
        Assert.NotNull(config.Problems().ToArray());
    });

    [Fact]
    public async Task Safetensors() => await Damage("safetensors", 8000, [WeightFile("llama"), WeightFile("neox")], file =>
    {
        using var opened = SafetensorsFile.Open(_folder.Write("damaged.safetensors", file));
        foreach (var entry in opened.Entries)
        {
            opened.ReadBytes(entry);
        }
    });

    [Fact]
    public async Task Indices()
    {
        var weights = WeightFile("llama");
        _folder.Write("sharded/model-00001-of-00001.safetensors", weights);
        using var whole = SafetensorsFile.Open(_folder["sharded/model-00001-of-00001.safetensors"]);
        var map = string.Join(",\n", whole.Entries.Select(entry => $"    \"{entry.Name}\": \"model-00001-of-00001.safetensors\""));
        var index = Utf8($"{{\n  \"metadata\": {{ \"total_size\": {weights.Length} }},\n  \"weight_map\": {{\n{map}\n  }}\n}}\n");
        await Damage("index", 4000, [index], file =>
        {
            _folder.Write($"sharded/{SafetensorsCheckpoint.IndexFileName}", file);
            using var checkpoint = SafetensorsCheckpoint.Open(_folder["sharded"]);
            Assert.NotEmpty(checkpoint.Names);
        });
    }

    [Fact]
    public async Task Model_folders()
    {
        var config = Utf8(TinyModels.Config("llama").ToJson());
        _folder.Write("model/model.safetensors", WeightFile("llama"));
        using var device = new CpuDevice(threads: 1, memoryLimitInBytes: 64 << 20);
        await Damage("model folder", 2000, [config], file =>
        {
            _folder.Write("model/config.json", file);
            using var model = PretrainedModel.Load(_folder["model"], device);
            Assert.InRange(device.Memory.UsedBytes, 1, 4 << 20);
        });
        Assert.InRange(device.Memory.ReservedBytes, 0, 8 << 20);
    }

    [Fact]
    public async Task Tokenizer_files()
    {
        TokenizerFile.Save(BpeTrainer.Train(["the cat sat on the mat", "a cat and a hat"], new BpeTrainerOptions { VocabularySize = 280 }), _folder["bpe"]);
        byte[][] files = [File.ReadAllBytes(_folder["bpe/tokenizer.json"]), ConvertedUnigram()];
        await Damage("tokenizer.json", 6000, files, file => Use(TokenizerFile.Load(_folder.Write("damaged.json", file))));
    }

    [Fact]
    public async Task SentencePiece_files() => await Damage(
        "sentencepiece", 8000, [HandmadeSentencePiece.Model(1), HandmadeSentencePiece.Model(2)], file => Use(TokenizerFile.Load(_folder.Write("damaged.model", file))));

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static void Use(Tokenizer tokenizer)
    {
        tokenizer.Decode(tokenizer.Encode("ab  ba é the cat\n").Ids);
        tokenizer.TokenBytes(3);
    }

    private static async Task Damage(string format, int times, byte[][] originals, Action<byte[]> read)
    {
        var work = Task.Run(() =>
        {
            var damage = new FileDamage(1, format);
            var refused = 0;
            for (var i = 0; i < times; i++)
            {
                var file = damage.Apply(originals[i % originals.Length]);
                var before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    read(file);
                }
                catch (TransfuseException)
                {
                    refused++;
                }
                catch (Exception exception)
                {
                    Assert.Fail($"{format}, damage {i}: {exception}");
                }

                var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.True(allocated <= (2 * file.Length) + AllocationConstant, $"{format}, damage {i}: {allocated:N0} bytes allocated for a file of {file.Length:N0}.");
            }

            return refused;
        });
        var refused = await work.WaitAsync(Hang).ConfigureAwait(true);
        Assert.InRange(refused, times / 20, times);
    }

    private byte[] WeightFile(string model)
    {
        using var device = new CpuDevice(threads: 1);
        using var saved = TinyModels.Create(model, device);
        PretrainedModel.Save(saved, _folder[model]);
        return File.ReadAllBytes(_folder[$"{model}/{SafetensorsCheckpoint.SingleFileName}"]);
    }

    private byte[] ConvertedUnigram()
    {
        TokenizerFile.Save(TokenizerFile.Load(_folder.Write("unigram.model", HandmadeSentencePiece.Model(1))), _folder["unigram"]);
        return File.ReadAllBytes(_folder["unigram/tokenizer.json"]);
    }
}
