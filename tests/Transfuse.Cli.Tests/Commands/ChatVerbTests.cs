using System.Text.Json.Nodes;
using Transfuse.Tokenization;

namespace Transfuse.Cli.Tests.Commands;

public sealed class ChatVerbTests
{
    private const string Template = "{% for m in messages %}{{ m.role[0] }}:{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}a:{% endif %}";

    [Fact]
    public void An_answer_goes_on_from_the_rendered_template()
    {
        using var tool = WithModel(out _);
        var (code, output, error) = tool.Run("chat", "m", "--prompt", "The type", "--system", "Be kind", "--greedy", "--tokens", "6", "--json");
        Assert.Equal((0, string.Empty), (code, error));
        var json = JsonNode.Parse(output)!;
        Assert.Equal(["schema", "messages", "finish"], json.AsObject().Select(member => member.Key));
        Assert.Equal("transfuse.chat/1", (string?)json["schema"]);
        var messages = json["messages"]!.AsArray();
        Assert.Equal(["system", "user", "assistant"], messages.Select(message => (string)message!["role"]!));
        var generated = JsonNode.Parse(tool.Run("generate", "m", "s:Be kind\nu:The type\na:", "--greedy", "--tokens", "6", "--json").Output)!;
        Assert.Equal(((string)generated["text"]!).Trim(), (string?)messages[2]!["content"]);
        Assert.Equal("length", (string?)json["finish"]);
    }

    [Fact]
    public void An_end_token_ends_the_answer()
    {
        using var tool = WithModel(out _);
        var ids = JsonNode.Parse(tool.Run("generate", "m", "u:x\na:", "--greedy", "--tokens", "6", "--json").Output)!["ids"]!.AsArray().GetValues<int>().ToArray();
        WriteModel(tool, "n", ids[2]);
        var json = JsonNode.Parse(tool.Run("chat", "n", "--prompt", "x", "--greedy", "--tokens", "6", "--json").Output)!;
        Assert.Equal("stop", (string?)json["finish"]);
        var tokenizer = TokenizerFile.Load(Path.Combine(tool.Folder, "n"));
        var end = Array.IndexOf(ids, ids[2]) + 1;
        Assert.Equal(tokenizer.Decode(ids.AsSpan(0, end), skipSpecialTokens: true).Trim(), (string?)json["messages"]![1]!["content"]);
    }

    [Fact]
    public void A_stop_text_ends_the_answer_and_says_so()
    {
        using var tool = WithModel(out _);
        string[] command = ["chat", "m", "--prompt", "x", "--greedy", "--tokens", "6", "--json"];
        var whole = (string)JsonNode.Parse(tool.Run(command).Output)!["messages"]![1]!["content"]!;
        var stop = whole.Substring(whole.Length / 2, 2);
        var json = JsonNode.Parse(tool.Run([.. command, "--stop", stop]).Output)!;
        Assert.Equal("stop", (string?)json["finish"]);
        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)].Trim(), (string?)json["messages"]![1]!["content"]);
        Assert.Equal("length", (string?)JsonNode.Parse(tool.Run([.. command, "--stop", "no such text"]).Output)!["finish"]);
    }

    [Fact]
    public void Redirected_stdin_gives_a_message_a_line()
    {
        using var tool = WithModel(out _);
        tool.Input = "a\n\n/exit\n";
        string[] command = ["chat", "m", "--tokens", "3", "--seed", "4"];
        var json = JsonNode.Parse(tool.Run([.. command, "--json"]).Output)!["messages"]!.AsArray();
        Assert.Equal(["a", "/exit"], json.Where(message => (string?)message!["role"] == "user").Select(message => (string)message!["content"]!));
        var shown = tool.Run(command);
        Assert.Equal(string.Empty, shown.Error);
        var answers = json.Where(message => (string?)message!["role"] == "assistant").Select(message => (string)message!["content"]!);
        Assert.All(answers, answer => Assert.Contains(answer, shown.Output, StringComparison.Ordinal));
        Assert.Equal(answers.Last() + Environment.NewLine, tool.Run([.. command, "-q"]).Output);
    }

    [Fact]
    public void In_the_terminal_commands_are_obeyed()
    {
        using var tool = WithModel(out _, isTerminal: true);
        tool.Input = "hello\n/system Be kind\n/nosuch\n/reset\nhello\n/exit\nnot asked\n";
        var (code, output, error) = tool.Run("chat", "m", "--tokens", "2", "--greedy");
        Assert.Equal(0, code);
        Assert.Equal(6, output.Split("> ").Length - 1);
        Assert.Contains("There is no /nosuch", error, StringComparison.Ordinal);
        Assert.Contains("The system message is set", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_conversation_that_fills_the_context_is_refused_and_the_talk_goes_on()
    {
        using var tool = WithModel(out _, isTerminal: true);
        tool.Input = string.Concat(Enumerable.Repeat("The method ", 60)) + "\nx\n";
        var (code, _, error) = tool.Run("chat", "m", "--tokens", "2", "--greedy");
        Assert.Equal(0, code);
        Assert.Contains("the model's context is 48", error.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_of_ones_own_takes_the_place_of_the_model_s()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"), eosIds: 100_000);
        var (code, _, error) = tool.Run("chat", "m", "--prompt", "x");
        Assert.Equal(4, code);
        Assert.Contains("has no chat template", error, StringComparison.Ordinal);
        tool.Write("t.jinja", Template);
        Assert.Equal(0, tool.Run("chat", "m", "--prompt", "x", "--template", "t.jinja", "--tokens", "2").Code);
        tool.Write("bad.jinja", "{{ raise_exception('only questions') }}");
        (code, _, error) = tool.Run("chat", "m", "--prompt", "x", "--template", "bad.jinja");
        Assert.Equal(4, code);
        Assert.Contains("bad.jinja: line 1: only questions", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--greedy draws nothing", "--greedy", "--temperature", "0.5")]
    [InlineData("--tokens must be a whole number", "--tokens", "0")]
    [InlineData("need --prompt", "--json")]
    public void Impossible_options_are_usage_errors(string expected, params string[] options)
    {
        using var tool = WithModel(out _, isTerminal: true);
        var (code, output, error) = tool.Run(["chat", "m", .. options]);
        Assert.Equal((2, string.Empty), (code, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    private static ToolRunner WithModel(out string folder, bool isTerminal = false)
    {
        var tool = new ToolRunner { IsTerminal = isTerminal };
        folder = WriteModel(tool, "m", 100_000);
        return tool;
    }

    private static string WriteModel(ToolRunner tool, string name, int eosId)
    {
        var folder = TinyModel.Write(Path.Combine(tool.Folder, name), eosIds: eosId);
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), Template);
        return folder;
    }
}
