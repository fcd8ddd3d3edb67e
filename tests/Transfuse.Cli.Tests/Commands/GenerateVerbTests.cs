using System.Text.Json.Nodes;
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
    [InlineData("--greedy goes token by token", "--greedy", "--beams", "2")]
    [InlineData("--beams searches and draws nothing", "--beams", "2", "--min-p", "0.1")]
    [InlineData("--length-penalty is for --beams", "--length-penalty", "2")]
    [InlineData("--stop is empty", "--stop", "")]
    public void Impossible_options_are_usage_errors(string expected, params string[] options)
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run(["generate", "m", Prompt, .. options]);
        Assert.Equal((2, string.Empty), (code, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stop_string_ends_the_text_before_it()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"), eosIds: 100_000);
        var free = (string)JsonNode.Parse(tool.Run("generate", "m", Prompt, "--tokens", "12", "--json").Output)!["text"]!;

        // A model with random weights also writes bytes that are no text; a stop string is text.
        var stop = free[2..].Split('\uFFFD').MaxBy(part => part.Length)!;
        Assert.NotEmpty(stop);
        var expected = free[..free.IndexOf(stop, StringComparison.Ordinal)];
        string[] command = ["generate", "m", Prompt, "--tokens", "12", "--stop", "never there", "--stop", stop];
        Assert.Equal(expected, (string?)JsonNode.Parse(tool.Run([.. command, "--json"]).Output)!["text"]);
        Assert.Equal(expected + Environment.NewLine, tool.Run(command).Output);
    }

    [Fact]
    public void Every_prompt_of_a_file_gets_what_it_gets_alone()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        var file = tool.Write("prompts.jsonl", "\"The method\"\n\n{\"prompt\": \"Größe\", \"other\": 1}\n");
        foreach (var options in (string[][])[["--tokens", "9"], ["--tokens", "9", "--beams", "3", "--length-penalty", "0.5"], ["--tokens", "9", "--repetition-penalty", "1.5", "--no-repeat-ngram", "2"]])
        {
            var (code, output, error) = tool.Run(["generate", "m", "--file", file, .. options, "--json"]);
            Assert.Equal((0, string.Empty), (code, error));
            var results = JsonNode.Parse(output)!["results"]!.AsArray();
            Assert.Equal(["The method", "Größe"], results.Select(result => (string?)result!["prompt"]));
            foreach (var result in results)
            {
                var alone = JsonNode.Parse(tool.Run(["generate", "m", (string)result!["prompt"]!, .. options, "--json"]).Output)!;
                Assert.Equal(alone["ids"]!.ToJsonString(), result["ids"]!.ToJsonString());
                Assert.Equal((string?)alone["text"], (string?)result["text"]);
            }

            var lines = tool.Run(["generate", "m", "--file", file, .. options]).Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(results.Select(result => (string?)result!["text"]), lines.Select(line => (string?)JsonNode.Parse(line)!["text"]));
        }
    }

    [Fact]
    public void The_generation_config_names_more_ids_that_end_a_text()
    {
        using var tool = new ToolRunner();
        var folder = TinyModel.Write(Path.Combine(tool.Folder, "m"), eosIds: 100_000);
        var ids = JsonNode.Parse(tool.Run("generate", "m", Prompt, "--tokens", "10", "--json").Output)!["ids"]!.AsArray().GetValues<int>().ToArray();
        File.WriteAllText(Path.Combine(folder, "generation_config.json"), $"{{\"eos_token_id\": [100001, {ids[3]}]}}");
        var stopped = JsonNode.Parse(tool.Run("generate", "m", Prompt, "--tokens", "10", "--json").Output)!["ids"]!.AsArray().GetValues<int>();
        Assert.Equal(ids.Take(Array.IndexOf(ids, ids[3]) + 1), stopped);
    }

    [Fact]
    public void A_T5_writes_a_text_of_its_own_for_the_prompt()
    {
        using var tool = new ToolRunner();
        TinyModel.WriteEncoderDecoder(Path.Combine(tool.Folder, "t5"));
        foreach (var options in (string[][])[["--greedy"], ["--beams", "3"], ["--temperature", "1.2", "--min-p", "0.05", "--seed", "2"]])
        {
            string[] command = ["generate", "t5", Prompt, "--tokens", "6", .. options];
            var json = JsonNode.Parse(tool.Run([.. command, "--json"]).Output)!;
            Assert.InRange(json["ids"]!.AsArray().Count, 1, 6);
            Assert.Equal((string)json["text"]! + Environment.NewLine, tool.Run(command).Output);
        }

        Assert.Equal(0, tool.Run("generate", "t5", "", "--tokens", "3").Code);
        var (code, _, error) = tool.Run("score", "t5", "--text", Prompt);
        Assert.Equal(4, code);
        Assert.Contains("encoder-decoder", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "holds no prompt")]
    [InlineData("\"a\"\n[1]\n", "line 2 holds a JSON Array, expected a JSON string or an object")]
    [InlineData("{\"text\": \"a\"}\n", "line 1 holds a JSON Object")]
    [InlineData("\"a\"\n\nplain text\n", "line 3 is no JSON")]
    public void A_line_that_is_no_prompt_is_named(string content, string expected)
    {
        using var tool = new ToolRunner();
        var (code, _, error) = tool.Run("generate", "m", "--file", tool.Write("prompts.jsonl", content));
        Assert.Equal(4, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_prompt_or_a_file_but_not_both()
    {
        using var tool = new ToolRunner();
        Assert.Equal(2, tool.Run("generate", "m").Code);
        Assert.Equal(2, tool.Run("generate", "m", Prompt, "--file", "x").Code);
    }
}
