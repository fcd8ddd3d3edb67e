using System.Text.Json.Nodes;
using Transfuse.Cli.Commands;
using Transfuse.Tokenization;

namespace Transfuse.Cli.Tests.Commands;

public sealed class GenerateVerbTests
{
    private const string Prompt = "The method";

    [Fact]
    public void Greedy_text_takes_at_every_place_what_score_finds_most_probable()
    {
        using var tool = new ToolRunner();
        var folder = TinyModel.Write(Path.Combine(tool.Folder, "m"), eosIds: 100_000);
        var (code, output, error) = tool.Run("generate", "m", Prompt, "--greedy", "--tokens", "12", "--json");
        Assert.Equal((0, string.Empty), (code, error));
        var json = JsonNode.Parse(output)!;
        Assert.Equal(["schema", "prompt", "text", "ids"], json.AsObject().Select(member => member.Key));
        Assert.Equal(("transfuse.generate/1", Prompt), ((string?)json["schema"], (string?)json["prompt"]));
        int[] ids = [.. json["ids"]!.AsArray().GetValues<int>()];
        Assert.Equal(12, ids.Length);
        var tokenizer = TokenizerFile.Load(folder);
        Assert.Equal(tokenizer.Decode(ids, skipSpecialTokens: true), (string?)json["text"]);
        int[] all = [.. tokenizer.Encode(Prompt).Ids, .. ids];
        var scores = JsonNode.Parse(tool.Run("score", "m", "--ids", tool.Write("ids.json", $"[{string.Join(',', all)}]"), "--top", "1", "--json").Output)!;
        Assert.Equal(ids, scores["tokens"]!.AsArray().TakeLast(ids.Length).Select(token => (int)token!["top"]![0]!["id"]!));
    }

    [Fact]
    public void People_see_the_same_text_as_it_grows()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        string[] command = ["generate", "m", Prompt, "--temperature", "1.5", "--seed", "3", "--tokens", "20"];
        var text = (string)JsonNode.Parse(tool.Run([.. command, "--json"]).Output)!["text"]!;
        Assert.Equal(text + Environment.NewLine, tool.Run(command).Output);
        Assert.Equal(text + Environment.NewLine, tool.Run([.. command, "-q"]).Output);
        Assert.NotEqual(text, (string?)JsonNode.Parse(tool.Run("generate", "m", Prompt, "--temperature", "1.5", "--seed", "4", "--tokens", "20", "--json").Output)!["text"]);
    }

    [Fact]
    public void An_end_of_text_ends_it_and_is_the_last_id()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"), eosIds: 100_000);
        var ids = JsonNode.Parse(tool.Run("generate", "m", Prompt, "--tokens", "10", "--json").Output)!["ids"]!.AsArray().GetValues<int>().ToArray();
        TinyModel.Write(Path.Combine(tool.Folder, "n"), eosIds: ids[4]);
        var stopped = JsonNode.Parse(tool.Run("generate", "n", Prompt, "--tokens", "10", "--json").Output)!["ids"]!.AsArray().GetValues<int>();
        Assert.Equal(ids.Take(Array.IndexOf(ids, ids[4]) + 1), stopped);
    }

    [Fact]
    public void The_context_bounds_the_text_and_is_named()
    {
        using var tool = new ToolRunner();
        var folder = TinyModel.Write(Path.Combine(tool.Folder, "m"), eosIds: 100_000);
        var room = TinyModel.Context - TokenizerFile.Load(folder).Encode(Prompt).Count;
        var (code, output, error) = tool.Run("generate", "m", Prompt, "--tokens", "1000", "--json");
        Assert.Equal(0, code);
        Assert.InRange(JsonNode.Parse(output)!["ids"]!.AsArray().Count, 1, room);
        Assert.Contains($"has room for {room} after", error, StringComparison.Ordinal);
        var (longCode, _, longError) = tool.Run("generate", "m", string.Concat(Enumerable.Repeat(Prompt, 40)));
        Assert.Equal(4, longCode);
        Assert.Contains("the model's context is 48", longError, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_prompt_begins_with_BOS()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        Assert.Equal(0, tool.Run("generate", "m", "", "--tokens", "3", "--json").Code);
    }

    [Theory]
    [InlineData("--greedy draws nothing", "--greedy", "--top-k", "3")]
    [InlineData("--tokens must be a whole number of at least 1, found '0'", "--tokens", "0")]
    [InlineData("--temperature must be a number of at least 0, found 'NaN'", "--temperature", "NaN")]
    [InlineData("--top-k must be a whole number of at least 1, found '0'", "--top-k", "0")]
    [InlineData("--top-p must be a number", "--top-p", "1.5")]
    public void Impossible_options_are_usage_errors(string expected, params string[] options)
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run(["generate", "m", Prompt, .. options]);
        Assert.Equal((2, string.Empty), (code, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_character_appears_when_its_last_byte_is_there()
    {
        using var tool = new ToolRunner();
        var tokenizer = TokenizerFile.Load(TinyModel.Write(Path.Combine(tool.Folder, "m")));
        var pieces = new List<string>();
        var text = new GeneratedText(tokenizer, pieces.Add);
        foreach (var id in tokenizer.Encode("a🙂", addSpecialTokens: false).Ids)
        {
            text.Add(id);
        }

        text.Add(tokenizer.Encode("🙂", addSpecialTokens: false).Ids[0]);
        text.Complete();
        Assert.Equal(["a", "🙂", "\uFFFD"], pieces);
        Assert.Equal("a🙂\uFFFD", text.ToString());
    }
}
