using System.Text.Json.Nodes;
using Transfuse.Tensors.Random;

namespace Transfuse.Cli.Tests.Commands;

public sealed class RunVerbTests
{
    private const string Recipe = """
        recipe: train/1
        name: test
        corpus: { source: files, domains: [{ name: red, files: red.jsonl }], validation: 0.2, test: 0.2 }
        model: { architecture: llama, vocabulary: 280, hidden: 16, layers: 2, heads: 2, context: 64 }
        train: { steps: 2, batch_tokens: 96, block: 32, validate_every: 0 }
        """;

    [Fact]
    public void A_dry_run_prints_stages_and_memory_and_makes_no_run()
    {
        using var tool = Prepared();
        var (code, output, error) = tool.Run("run", "r.yaml", "--dry-run", "--json");
        Assert.True(code == 0, error);
        var json = JsonNode.Parse(output)!;
        Assert.Equal("transfuse.plan/1", (string?)json["schema"]);
        var train = json["stages"]!.AsArray().Single(stage => (string?)stage!["name"] == "train model")!;
        Assert.Equal(192, (long)train["tokens"]!);
        Assert.False((bool)train["taken_over"]!);
        var memory = train["memory_bytes"]!;
        Assert.True((long)memory["peak"]! > (long)memory["parameters"]!);
        Assert.False(Directory.Exists(Path.Combine(tool.Folder, "runs")));
        Assert.Contains("train model", tool.Run("run", "r.yaml", "--dry-run").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--dry-run")]
    [InlineData("--quiet")]
    public void What_cannot_fit_ends_with_6(string option)
    {
        using var tool = Prepared();
        var (code, _, error) = tool.Run("run", "r.yaml", option, "--memory-limit", "300kB");
        Assert.Equal(6, code);
        Assert.Contains("The stage '", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("8XB")]
    [InlineData("-1GB")]
    [InlineData("GB")]
    public void A_limit_that_is_no_size_is_a_usage_error(string size)
    {
        using var tool = Prepared();
        var (code, _, error) = tool.Run("run", "r.yaml", "--memory-limit", size);
        Assert.Equal(2, code);
        Assert.Contains("--memory-limit", error, StringComparison.Ordinal);
    }

    private static ToolRunner Prepared()
    {
        var tool = new ToolRunner();
        var random = new RandomStream(1, "texts");
        var words = "rose ruby rust wine fire brick".Split(' ');
        tool.Write("red.jsonl", string.Concat(Enumerable.Range(0, 60).Select(_ =>
            $"{{\"text\":\"{string.Join(' ', Enumerable.Range(0, 20).Select(_ => words[random.NextInt32(words.Length)]))}\"}}\n")));
        tool.Write("r.yaml", Recipe);
        return tool;
    }
}
