using Transfuse.Checkpoints.Safetensors;
using Transfuse.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Checkpoints.Safetensors;

public sealed class SafetensorsCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Finds_tensors_in_their_shards()
    {
        Shard("model-00001-of-00002.safetensors", "a", 1);
        Shard("model-00002-of-00002.safetensors", "b", 2);
        Index("""{"metadata":{"total_size":8},"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}""");
        using var checkpoint = SafetensorsCheckpoint.Open(_folder.FullPath);
        Assert.Equal(["a", "b"], checkpoint.Names);
        Assert.True(checkpoint.TryFind("b", out var file, out var entry));
        var value = new float[1];
        file.ReadSingles(entry, 0, value);
        Assert.Equal(2, value[0]);
        Assert.False(checkpoint.TryFind("c", out _, out _));
        Assert.Equal(8, checkpoint.ByteCount);
    }

    [Theory]
    [InlineData("../x.safetensors")]
    [InlineData("/etc/x.safetensors")]
    [InlineData("sub/x.safetensors")]
    [InlineData("..\\\\x.safetensors")]
    [InlineData("C:x.safetensors")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("x.bin")]
    public void Refuses_file_names_that_leave_the_folder(string name)
    {
        Index($$"""{ "weight_map": { "a": "{{name}}" } }""");
        var exception = Assert.Throws<ModelFormatException>(() => SafetensorsCheckpoint.Open(_folder.FullPath).Dispose());
        Assert.Contains("'a'", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"missing.safetensors"}}""", "missing.safetensors")]
    [InlineData("""{"weight_map":{"b":"m.safetensors"}}""", "'b'")]
    [InlineData("""{"weight_map":{"a":1}}""", "'a'")]
    [InlineData("""{"weight_map":[]}""", "weight_map")]
    [InlineData("""{}""", "weight_map")]
    [InlineData("""[""", "JSON")]
    public void Names_what_is_wrong_with_an_index(string index, string inMessage)
    {
        Shard("m.safetensors", "a", 1);
        Index(index);
        var exception = Assert.Throws<ModelFormatException>(() => SafetensorsCheckpoint.Open(_folder.FullPath).Dispose());
        Assert.Contains(inMessage, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_folder_says_what_was_expected() =>
        Assert.Contains(
            SafetensorsCheckpoint.SingleFileName,
            Assert.Throws<ModelFormatException>(() => SafetensorsCheckpoint.Open(_folder.FullPath).Dispose()).Message,
            StringComparison.Ordinal);

    private void Index(string text) => _folder.Write(SafetensorsCheckpoint.IndexFileName, text);

    private void Shard(string file, string tensor, float value)
    {
        using var writer = new SafetensorsWriter(_folder[file], [new(tensor, SafetensorsType.F32, [1])]);
        writer.Write(tensor, [value]);
        writer.Complete();
    }
}
