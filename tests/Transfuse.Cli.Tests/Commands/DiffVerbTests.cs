using System.Text.Json.Nodes;

namespace Transfuse.Cli.Tests.Commands;

public sealed class DiffVerbTests
{
    [Fact]
    public void Equal_checkpoints_are_told_and_exit_with_0()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        var (code, output, error) = tool.Run("diff", "m", "m", "--changed", "--exit-code", "--no-progress");
        Assert.Equal((0, string.Empty), (code, error));
        Assert.Matches("^equal: [0-9]+ tensors\\s*$", output);
        Assert.Equal("equal", tool.Run("diff", "m", "m", "--quiet").Output.Trim());
    }

    [Fact]
    public void A_quantised_copy_differs_in_its_matrices_only()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        Assert.Equal(0, tool.Run("convert", "m", "m.gguf", "--type", "bf16").Code);

        var (code, output, _) = tool.Run("diff", "m", "m.gguf", "--json", "--exit-code");

        Assert.Equal(5, code);
        var json = JsonNode.Parse(output)!;
        Assert.Equal(("transfuse.diff/1", false), ((string?)json["schema"], (bool)json["equal"]!));
        var tensors = json["tensors"]!.AsArray();
        Assert.Equal((int)json["summary"]!["tensors"]!, tensors.Count);
        foreach (var tensor in tensors)
        {
            var isNorm = ((string)tensor!["name"]!).Contains("norm", StringComparison.Ordinal);
            Assert.Equal(isNorm ? "equal" : "different", (string?)tensor["state"]);
            Assert.Equal(isNorm ? "F32" : "BF16", (string?)tensor["b"]!["dtype"]);
            Assert.InRange((double)tensor["relative_l2"]!, 0, 0.0021);
            Assert.InRange((double)tensor["cosine"]!, 0.9999, 1);
        }

        var changed = JsonNode.Parse(tool.Run("diff", "m", "m.gguf", "--json", "--changed").Output)!["tensors"]!.AsArray();
        Assert.Equal((int)json["summary"]!["different"]!, changed.Count);
        Assert.Contains("F32 / BF16", tool.Run("diff", "m", "m.gguf").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_only_one_has_is_told()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        TinyModel.WriteEncoderDecoder(Path.Combine(tool.Folder, "t5"));
        var summary = JsonNode.Parse(tool.Run("diff", "m", "t5", "--json").Output)!["summary"]!;
        Assert.Equal((0, 0), ((int)summary["equal"]!, (int)summary["different"]!));
        Assert.Equal((int)summary["tensors"]!, (int)summary["only_in_a"]! + (int)summary["only_in_b"]!);
        Assert.Contains("only in b", tool.Run("diff", "m", "t5").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_there_is_bad_input()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        var (code, _, error) = tool.Run("diff", "m", "absent");
        Assert.Equal(4, code);
        Assert.Contains("absent", error, StringComparison.Ordinal);
    }
}
