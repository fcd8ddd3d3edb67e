namespace Transfuse.Cli.Tests.Commands;

public sealed class CaptureVerbTests
{
    [Theory]
    [InlineData("--top-k must be a whole number from 1 to 4096, found 'many'", "--top-k", "many")]
    [InlineData("--top-k must be a whole number from 1 to 4096, found '0'", "--top-k", "0")]
    [InlineData("--top-p must be a number above 0 and at most 1, found '1.5'", "--top-p", "1.5")]
    public void Numbers_out_of_range_are_usage_errors(string expected, params string[] options)
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run(["capture", "m", "--corpus", "a.txt", "--out", "s", .. options]);
        Assert.Equal((2, string.Empty), (code, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_finished_capture_tells_its_sizes()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        tool.Write("a.txt", "The method returns the value.");
        var (code, output, error) = tool.Run("capture", "m", "--corpus", "a.txt", "--out", "s", "--json");
        Assert.True(code == 0, error);
        var json = System.Text.Json.Nodes.JsonNode.Parse(output)!;
        Assert.Equal(new FileInfo(Path.Combine(tool.Folder, "s", "distributions.bin")).Length, (long)json["bytes"]!);
    }
}
