using System.Text.Json.Nodes;
using Transfuse.Tokenization;
using Encoding = System.Text.Encoding;

namespace Transfuse.Cli.Tests.Commands;

public sealed class TokenizeVerbTests
{
    private const string Text = "The method of Größe 🙂\n";

    [Fact]
    public void Json_has_ids_and_spans_that_cover_every_byte_once()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"), addBos: true);
        var (code, output, error) = tool.Run("tokenize", "m", "--text", Text, "--json");
        Assert.Equal(0, code);
        Assert.Empty(error);
        var json = JsonNode.Parse(output)!;
        Assert.Equal(["schema", "ids", "spans"], json.AsObject().Select(member => member.Key));
        Assert.Equal("transfuse.tokenize/1", (string?)json["schema"]);
        var expected = TokenizerFile.Load(Path.Combine(tool.Folder, "m")).Encode(Text);
        Assert.Equal(expected.Ids, json["ids"]!.AsArray().GetValues<int>());
        var spans = json["spans"]!.AsArray().Select(span => ((int)span![0]!, (int)span[1]!)).ToArray();
        Assert.Equal((0, 0), spans[0]);
        Assert.Equal(Enumerable.Range(0, Encoding.UTF8.GetByteCount(Text)), spans.SelectMany(span => Enumerable.Range(span.Item1, span.Item2 - span.Item1)));
    }

    [Fact]
    public void A_file_counts_every_byte_and_special_tokens_can_be_left_out()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"), addBos: true);
        File.WriteAllBytes(Path.Combine(tool.Folder, "a.txt"), [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Text)]);
        var json = JsonNode.Parse(tool.Run("tokenize", "m/tokenizer.json", "--file", "a.txt", "--no-special", "--json").Output)!;
        Assert.Equal(0, (int)json["spans"]![0]![0]!);
        Assert.Equal(3 + Encoding.UTF8.GetByteCount(Text), (int)json["spans"]!.AsArray()[^1]![1]!);
        Assert.DoesNotContain(0, json["ids"]!.AsArray().GetValues<int>());
    }

    [Fact]
    public void Each_token_has_a_line_for_people()
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"), addBos: true);
        var lines = tool.Run("tokenize", "m", "--text", "a🙂\n").Output.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        Assert.Equal(7, lines.Length);
        Assert.EndsWith("0-0            <|endoftext|>", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("0-1            \"a\"", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("1-2            \"\\xF0\"", lines[2], StringComparison.Ordinal);
        Assert.EndsWith("\"\\n\"", lines[6], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "exactly one of --text and --file", "tokenize", "m")]
    [InlineData(2, "exactly one of --text and --file", "tokenize", "m", "--text", "a", "--file", "a.txt")]
    [InlineData(2, "--text is empty", "tokenize", "m", "--text", "")]
    [InlineData(4, "none.txt: no such file", "tokenize", "m", "--file", "none.txt")]
    [InlineData(4, "empty.txt: is empty", "tokenize", "m", "--file", "empty.txt")]
    [InlineData(4, "bad.txt: is no UTF-8 text (byte 2)", "tokenize", "m", "--file", "bad.txt")]
    [InlineData(4, "there is no such file or folder", "tokenize", "none", "--text", "a")]
    public void Errors_are_told_with_their_exit_code(int expectedCode, string expected, params string[] arguments)
    {
        using var tool = new ToolRunner();
        TinyModel.Write(Path.Combine(tool.Folder, "m"));
        tool.Write("a.txt", "a");
        tool.Write("empty.txt", string.Empty);
        File.WriteAllBytes(Path.Combine(tool.Folder, "bad.txt"), [65, 66, 0xFF, 67]);
        var (code, output, error) = tool.Run(arguments);
        Assert.Equal(expectedCode, code);
        Assert.Empty(output);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }
}
