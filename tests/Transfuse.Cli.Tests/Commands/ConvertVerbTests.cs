using System.Text.Json.Nodes;
using Transfuse.Checkpoints.Safetensors;

namespace Transfuse.Cli.Tests.Commands;

public sealed class ConvertVerbTests
{
    [Fact]
    public void A_folder_becomes_gguf_and_a_folder_again_with_the_same_bytes()
    {
        using var tool = new ToolRunner();
        var folder = TinyModel.Write(Path.Combine(tool.Folder, "m"));
        Assert.Equal((0, string.Empty), Codes(tool.Run("convert", "m", "m.gguf", "--type", "f32")));
        var result = JsonNode.Parse(tool.Run("convert", "m.gguf", "back", "--json").Output)!;
        Assert.Equal(("transfuse.convert/1", "back"), ((string?)result["schema"], (string?)result["target"]));

        using var before = SafetensorsFile.Open(Path.Combine(folder, SafetensorsCheckpoint.SingleFileName));
        using var after = SafetensorsFile.Open(Path.Combine(tool.Folder, "back", SafetensorsCheckpoint.SingleFileName));
        foreach (var entry in before.Entries)
        {
            Assert.Equal(before.ReadBytes(entry), after.ReadBytes(after.Get(entry.Name)));
        }

        foreach (var file in new[] { "config.json", "tokenizer.json" })
        {
            Assert.Equal(File.ReadAllText(Path.Combine(folder, file)), File.ReadAllText(Path.Combine(tool.Folder, "back", file)));
        }

        Assert.Equal(tool.Run("score", "m", "--text", "The value").Output, tool.Run("score", "m.gguf", "--text", "The value").Output);
    }

    [Fact]
    public void Shards_and_half_precision_can_be_asked_for()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        tool.Run("convert", "m", "m.gguf", "--type", "q8_0");
        Assert.Equal(0, tool.Run("convert", "m.gguf", "back", "--type", "bf16", "--max-shard-size", "10kB").Code);
        Assert.True(File.Exists(Path.Combine(tool.Folder, "back", SafetensorsCheckpoint.IndexFileName)));
        Assert.Contains("BF16", tool.Run("inspect", "back").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "exists already", "m", "there.gguf")]
    [InlineData(2, "no type 'q9'", "m", "x.gguf", "--type", "q9")]
    [InlineData(2, "a folder already", "m", "x")]
    [InlineData(2, "GGUF already", "there.gguf", "x.gguf")]
    [InlineData(4, "no such file", "absent", "x.gguf")]
    [InlineData(4, "does not begin with", "there.gguf", "x")]
    [InlineData(2, "cannot hold q8_0", "there.gguf", "x", "--type", "q8_0")]
    [InlineData(2, "--max-shard-size", "there.gguf", "x", "--max-shard-size", "huge")]
    public void What_cannot_be_done_is_said(int code, string message, params string[] arguments)
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        tool.Write("there.gguf", "no GGUF at all, but long enough to have a header");

        var (actual, _, error) = tool.Run(["convert", .. arguments]);

        Assert.Equal(code, actual);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.False(Path.Exists(Path.Combine(tool.Folder, "x.gguf")));
    }

    private static (int Code, string Error) Codes((int Code, string Output, string Error) run) => (run.Code, run.Error);
}
