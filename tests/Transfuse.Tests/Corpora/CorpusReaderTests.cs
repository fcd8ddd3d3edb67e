using Transfuse.Corpora;
using Transfuse.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Corpora;

public sealed class CorpusReaderTests
{
    [Fact]
    public void Text_files_come_whole_in_ordinal_order_with_relative_ids()
    {
        using var folder = new TemporaryFolder();
        folder.Write("b.txt", "second\r\nline\n");
        folder.Write("B.txt", "\uFEFFfirst");
        folder.Write("sub/c.txt", "third");
        folder.Write("sub/empty.txt", " \n\t\n");
        folder.Write(".hidden/d.txt", "no");
        var documents = Read(folder, new() { Paths = ["**/*.txt"], Domain = "law" });
        Assert.Equal(
            [new Document("B.txt", "law", "first"), new Document("b.txt", "law", "second\nline"), new Document("sub/c.txt", "law", "third")], documents);
    }

    [Fact]
    public void A_file_may_hold_many_documents_between_blank_lines()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.txt", "\n\none\nmore\n  \n\ntwo\r\n\r\nthree");
        Assert.Equal(
            [("a.txt:3", "one\nmore"), ("a.txt:7", "two"), ("a.txt:9", "three")],
            Read(folder, new() { Paths = ["a.txt"], SplitAtBlankLines = true }).Select(document => (document.Id, document.Text)));
    }

    [Fact]
    public void Json_lines_give_the_named_member()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.jsonl", "\uFEFF{\"n\":{\"body\":\"no\"},\"body\":\"a\\u00e9\\ud83d\\ude00\"}\n\n{\"body\":\"\"}\r\n{\"body\":\"b\",\"x\":[1,{\"body\":2}]}");
        Assert.Equal(
            [("a.jsonl:1", "aé😀"), ("a.jsonl:4", "b")],
            Read(folder, new() { Paths = ["a.jsonl"], TextField = "body" }).Select(document => (document.Id, document.Text)));
    }

    [Theory]
    [InlineData("{\"text\":\"a\"}\n{\"text\":\"b\"", "line 2", "JSON")]
    [InlineData("{\"text\":\"a\"}\n\n{\"t\":\"b\"}", "line 3", "no member 'text'")]
    [InlineData("{\"text\":5}", "line 1", "Number")]
    [InlineData("[1]", "line 1", "no JSON object")]
    [InlineData("{\"text\":\"a\"} x", "line 1", "JSON")]
    [InlineData("{\"text\":\"\\ud800\"}", "line 1", "surrogate")]
    public void A_wrong_line_is_named(string content, string line, string what)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("a.jsonl", content);
        var exception = Assert.Throws<CorpusException>(() => Read(folder, new() { Paths = ["a.jsonl"] }));
        Assert.Equal(path, exception.Path);
        Assert.Contains(line, exception.Message);
        Assert.Contains(what, exception.Message);
    }

    [Theory]
    [InlineData("a.txt", "good\nbad \u0001here", 9, 2)]
    [InlineData("a.jsonl", "{\"text\":\"\u0001\"}", 9, 1)]
    [InlineData("a.txt", "\uFEFF\u0001", 3, 1)]
    public void Invalid_utf8_is_named_by_line_and_byte(string name, string content, int position, int line)
    {
        using var folder = new TemporaryFolder();
        var bytes = System.Text.Encoding.UTF8.GetBytes(content);
        bytes[Array.IndexOf(bytes, (byte)1)] = 0xE9;
        folder.Write(name, bytes);
        var message = Assert.Throws<CorpusException>(() => Read(folder, new() { Paths = [name] })).Message;
        Assert.Contains($"line {line}: byte {position} (0xE9)", message);
    }

    [Fact]
    public void Lines_longer_than_the_buffer_come_whole()
    {
        using var folder = new TemporaryFolder();
        var texts = new[] { 65_535, 65_536, 65_537, 200_000, 1, 131_072 }.Select(length => new string('x', length)).ToArray();
        folder.Write("a.txt", string.Join("\n\n", texts));
        Assert.Equal(texts, Read(folder, new() { Paths = ["a.txt"], SplitAtBlankLines = true }).Select(document => document.Text));
    }

    [Fact]
    public void The_limit_counts_documents_over_all_files()
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.jsonl", "{\"text\":\"a\"}\n{\"text\":\"b\"}");
        folder.Write("b.txt", "c");
        folder.Write("c.txt", "d");
        Assert.Equal(["a", "b", "c"], Read(folder, new() { Paths = ["*"], Limit = 3 }).Select(document => document.Text));
        Assert.Empty(Read(folder, new() { Paths = ["*"], Limit = 0 }));
    }

    [Theory]
    [InlineData("*.md")]
    [InlineData("nothing.txt")]
    [InlineData("nowhere/*.txt")]
    public void A_path_or_pattern_without_match_is_an_error(string pattern)
    {
        using var folder = new TemporaryFolder();
        folder.Write("a.txt", "a");
        Assert.Throws<CorpusException>(() => Read(folder, new() { Paths = ["a.txt", pattern] }));
    }

    private static List<Document> Read(TemporaryFolder folder, CorpusSource source) =>
        CorpusReader.Read(source with { BaseFolder = folder.FullPath }).ToList();
}
