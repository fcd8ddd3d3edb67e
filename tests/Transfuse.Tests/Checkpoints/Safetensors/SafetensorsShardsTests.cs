using System.Text.Json;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Checkpoints.Safetensors;

public sealed class SafetensorsShardsTests : IDisposable
{
    private static readonly SafetensorsTensor[] Tensors =
        [.. ((int[])[10, 20, 100, 5, 30]).Select((size, i) => new SafetensorsTensor($"t{i}", SafetensorsType.F32, [size]))];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tensors_are_cut_in_their_order_and_a_large_one_stands_alone()
    {
        Write(maxBytes: 160);
        Assert.Equal(
            ["model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors", "model.safetensors.index.json"],
            Directory.GetFiles(_folder.FullPath).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        using var index = JsonDocument.Parse(File.ReadAllBytes(_folder["model.safetensors.index.json"]));
        Assert.Equal(165 * 4, index.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64());
        string[] files = [.. Tensors.Select(tensor => index.RootElement.GetProperty("weight_map").GetProperty(tensor.Name).GetString()!)];
        Assert.Equal("1 1 2 3 3", string.Join(' ', files.Select(file => file[10])));
        AssertContent();
    }

    [Theory]
    [InlineData(160, 10_000)]
    [InlineData(10_000, 160)]
    [InlineData(80, 400)]
    public void A_new_model_replaces_the_files_of_the_old_one(long before, long after)
    {
        File.WriteAllText(_folder["tokenizer.json"], "{}");
        Write(before);
        Write(after);
        AssertContent();
        var isSharded = File.Exists(_folder["model.safetensors.index.json"]);
        Assert.Equal(after < 165 * 4, isSharded);
        Assert.Equal(!isSharded, File.Exists(_folder["model.safetensors"]));
        using var checkpoint = SafetensorsCheckpoint.Open(_folder.FullPath);
        Assert.Equal(165 * 4, checkpoint.ByteCount);
        Assert.True(File.Exists(_folder["tokenizer.json"]));
        Assert.DoesNotContain(Directory.GetFiles(_folder.FullPath), path => path.EndsWith(".partial", StringComparison.Ordinal));
    }

    [Fact]
    public void A_folder_with_pickles_only_says_how_to_convert_them()
    {
        File.WriteAllText(_folder["pytorch_model.bin"], "x");
        var message = Assert.Throws<ModelFormatException>(() => SafetensorsCheckpoint.Open(_folder.FullPath)).Message;
        Assert.Contains("pytorch_model.bin", message, StringComparison.Ordinal);
        Assert.Contains("save_pretrained", message, StringComparison.Ordinal);
    }

    private static float[] Values(string name, int count) => [.. Enumerable.Range(0, count).Select(i => (name[1] * 1000) + i)];

    private void Write(long maxBytes) => SafetensorsShards.Write(_folder.FullPath, Tensors, maxBytes, (writer, names) =>
    {
        foreach (var tensor in Tensors.Where(tensor => names.Contains(tensor.Name)))
        {
            writer.Write(tensor.Name, Values(tensor.Name, (int)tensor.ElementCount));
        }
    });

    private void AssertContent()
    {
        using var checkpoint = SafetensorsCheckpoint.Open(_folder.FullPath);
        Assert.Equal(Tensors.Select(tensor => tensor.Name), checkpoint.Names);
        foreach (var tensor in Tensors)
        {
            Assert.True(checkpoint.TryFind(tensor.Name, out var file, out var entry));
            var values = new float[entry.ElementCount];
            file.ReadSingles(entry, 0, values);
            Assert.Equal(Values(tensor.Name, values.Length), values);
        }
    }
}
