using System.Text.Json.Nodes;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;

namespace Transfuse.Cli.Tests.Commands;

public sealed class ScoreVerbTests
{
    private const string Text = "The method returns.";

    [Fact]
    public void Json_has_every_token_and_sums_that_agree_with_them()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        var (code, output, error) = tool.Run("score", "m", "--text", Text, "--json");
        Assert.Equal((0, string.Empty), (code, error));
        var json = JsonNode.Parse(output)!;
        Assert.Equal(["schema", "model", "bytes", "tokens", "nats", "bits_per_byte"], json.AsObject().Select(member => member.Key));
        Assert.Equal(("transfuse.score/1", "m", Text.Length), ((string?)json["schema"], (string?)json["model"], (int)json["bytes"]!));
        var tokens = json["tokens"]!.AsArray();
        Assert.Equal(Text, string.Concat(tokens.Select(token => (string)token!["text"]!)));
        Assert.Equal((0, Text.Length), ((int)tokens[0]!["start"]!, (int)tokens[^1]!["end"]!));
        Assert.Null(tokens[0]!["logprob"]);
        var nats = -tokens.Skip(1).Sum(token => (double)(float)token!["logprob"]!);
        Assert.Equal(nats, (double)json["nats"]!, 1e-9);
        Assert.Equal(nats / Math.Log(2) / Text.Length, (double)json["bits_per_byte"]!, 1e-9);
    }

    [Fact]
    public void Integers_change_nothing_where_no_weight_is_quantised()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        var expected = JsonNode.Parse(tool.Run("score", "m", "--text", Text, "--json", "--precision", "auto").Output)!["nats"]!;
        var (code, output, _) = tool.Run("score", "m", "--text", Text, "--json", "--precision", "int8");
        Assert.Equal((0, (double)expected), (code, (double)JsonNode.Parse(output)!["nats"]!));
        Assert.Contains("int8", tool.Run("score", "m", "--text", Text, "--precision", "int4").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void With_BOS_the_first_token_of_the_text_has_a_value_unless_it_is_left_out()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"), addBos: true);
        var tokens = JsonNode.Parse(tool.Run("score", "m", "--text", Text, "--json").Output)!["tokens"]!;
        Assert.Equal((TinyModel.EndOfText, 0, 0), ((string?)tokens[0]!["text"], (int)tokens[0]!["start"]!, (int)tokens[0]!["end"]!));
        Assert.Null(tokens[0]!["logprob"]);
        Assert.NotNull(tokens[1]!["logprob"]);
        var without = JsonNode.Parse(tool.Run("score", "m", "--text", Text, "--no-special", "--json").Output)!["tokens"]!;
        Assert.Equal((int)tokens[1]!["id"]!, (int)without[0]!["id"]!);
        Assert.Null(without[0]!["logprob"]);
    }

    [Fact]
    public void The_whole_distribution_sums_to_one_and_contains_the_token()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        tool.Write("ids.json", "[7, 0, 299, 7]");
        var json = JsonNode.Parse(tool.Run("score", "m", "--ids", "ids.json", "--top", "1000000", "--json").Output)!;
        Assert.All(new[] { "bytes", "bits_per_byte" }, key => Assert.Null(json[key]));
        var tokens = json["tokens"]!.AsArray();
        Assert.Equal([7, 0, 299, 7], tokens.Select(token => (int)token!["id"]!));
        Assert.All(tokens, token => Assert.Null(token!["text"] ?? token["start"] ?? token["end"]));
        Assert.Empty(tokens[0]!["top"]!.AsArray());
        foreach (var token in tokens.Skip(1))
        {
            var top = token!["top"]!.AsArray().ToDictionary(entry => (int)entry!["id"]!, entry => (float)entry!["logprob"]!);
            Assert.Equal(TinyModel.Vocabulary, top.Count);
            Assert.Equal(1, top.Values.Sum(value => Math.Exp(value)), 1e-5);
            Assert.Equal(top[(int)token["id"]!], (float)token["logprob"]!, 1e-6f);
            Assert.Equal(top.Values.OrderDescending(), top.Values);
        }
    }

    [Fact]
    public void A_single_token_costs_nothing()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        var (code, output, _) = tool.Run("score", "m", "--ids", tool.Write("ids.json", "[7]"), "--json");
        Assert.Equal(0, code);
        Assert.Equal(0, (double)JsonNode.Parse(output)!["nats"]!);
    }

    [Fact]
    public void People_see_the_alternatives_by_name()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        var lines = tool.Run("score", "m", "--text", Text, "--top", "2").Output.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        Assert.EndsWith("-  \"The\"", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("]", lines[1], StringComparison.Ordinal);
        Assert.Contains("bits per byte", lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "exactly one of --text, --file and --ids", "score", "m")]
    [InlineData(2, "exactly one of --text, --file and --ids", "score", "m", "--text", "a", "--ids", "good.json")]
    [InlineData(2, "--text is empty", "score", "m", "--text", "")]
    [InlineData(2, "--top must be a whole number of at least 0, found '-1'", "score", "m", "--text", "a", "--top", "-1")]
    [InlineData(2, "--top must be a whole number of at least 0, found 'many'", "score", "m", "--text", "a", "--top", "many")]
    [InlineData(4, "good.json: token 1 is 300, but the model's vocabulary has the ids 0 to 299", "score", "m", "--ids", "good.json")]
    [InlineData(4, "item 1 is 1.5, expected a token id", "score", "m", "--ids", "real.json")]
    [InlineData(4, "negative.json: token 0 is -1", "score", "m", "--ids", "negative.json")]
    [InlineData(4, "holds an empty list", "score", "m", "--ids", "empty.json")]
    [InlineData(4, "holds a JSON Object", "score", "m", "--ids", "object.json")]
    [InlineData(4, "is no JSON list of token ids", "score", "m", "--ids", "broken.json")]
    [InlineData(4, "none.json: no such file", "score", "m", "--ids", "none.json")]
    [InlineData(4, "long.json: has 49 tokens, the model's context is 48", "score", "m", "--ids", "long.json")]
    [InlineData(4, "there is no such file or folder", "score", "none", "--ids", "good.json")]
    public void Errors_are_told_with_their_exit_code(int expectedCode, string expected, params string[] arguments)
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        tool.Write("good.json", "[1, 300]");
        tool.Write("real.json", "[1, 1.5]");
        tool.Write("negative.json", "[-1, 1]");
        tool.Write("empty.json", "[]");
        tool.Write("object.json", "{}");
        tool.Write("broken.json", "[1, ");
        tool.Write("long.json", $"[{string.Join(", ", Enumerable.Repeat(1, TinyModel.Context + 1))}]");
        var (code, output, error) = tool.Run(arguments);
        Assert.Equal(expectedCode, code);
        Assert.Empty(output);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_weights_are_a_check_that_did_not_hold()
    {
        using var tool = new ToolRunner();
        var folder = TinyModel.Write(Path.Combine(tool.Folder, "m"));
        using (var device = new CpuDevice(threads: 1))
        {
            var config = Checkpoints.ModelConfig.Load(folder);
            using var model = PretrainedModel.Create(config, device, new RandomStream(1, "init"));
            model.Parameters[^1].Value.Fill(float.NaN);
            PretrainedModel.Save(model, folder);
        }

        var (code, output, error) = tool.Run("score", "m", "--text", Text, "--json");
        Assert.Equal(5, code);
        Assert.Empty(output);
        Assert.Contains("not a number", error, StringComparison.Ordinal);
    }
}
