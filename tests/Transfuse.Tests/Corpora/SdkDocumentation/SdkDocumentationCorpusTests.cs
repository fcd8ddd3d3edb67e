using System.Text;
using Transfuse.Corpora;
using Transfuse.Corpora.SdkDocumentation;
using Transfuse.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Corpora.SdkDocumentation;

public sealed class SdkDocumentationCorpusTests
{
    private const string Folder = "packs/Microsoft.NETCore.App.Ref/10.0.2/ref/net10.0";

    private const string Example = """
        <?xml version="1.0" encoding="utf-8"?>
        <doc><assembly><name>System.Xml.Test</name></assembly><members>
          <member name="T:System.Xml.Reader"><summary>Reads <see cref="T:System.Xml.Node`1" />
            values, <see langword="null" /> or <c>5</c>.</summary></member>
          <member name="M:System.Xml.Reader.Read(System.Int32)">
            <summary>Reads on. The value.</summary>
            <param name="count">How many <paramref name="count" /> &lt; 5.</param>
            <returns><see href="https://a.b">A link</see>.</returns>
            <exception cref="T:System.ArgumentException"><paramref name="count" /> is negative.
             -or-
            it is huge.</exception>
            <remarks><para>One.</para><para>Two.</para><code>var x = 1;</code></remarks>
          </member>
          <member name="P:System.Xml.Reader.Value"><value>The value.</value></member>
          <member name="T:System.Xml.Writer"><inheritdoc /></member>
        </members></doc>
        """;

    [Fact]
    public void A_type_becomes_clean_text_and_each_sentence_comes_once()
    {
        using var folder = new TemporaryFolder();
        folder.Write($"{Folder}/System.Xml.Test.xml", Example);
        var document = Assert.Single(Read(folder.FullPath));
        Assert.Equal("System.Xml.Test/System.Xml.Reader", document.Id);
        Assert.Equal("data", document.Domain);
        Assert.Equal(
            "Reader\nReads Node values, null or 5.\n"
            + "Reads on. The value. How many count < 5. A link. count is negative. -or- it is huge. One. Two. var x = 1;",
            document.Text);
    }

    [Fact]
    public void The_newest_pack_is_taken_from_wherever_the_root_is_named()
    {
        using var folder = new TemporaryFolder();
        folder.Write($"{Folder}/System.Xml.Test.xml", Example);
        folder.Write($"{Folder.Replace("10.0.2", "10.0.10-rc.1", StringComparison.Ordinal)}/System.Xml.Test.xml", Example.Replace("Reads on", "Goes on", StringComparison.Ordinal));
        folder.Write($"{Folder.Replace("10.0.2", "9.0.20", StringComparison.Ordinal)}/System.Xml.Test.xml", "old");
        folder.Write("shared/Microsoft.NETCore.App/10.0.2/x.dll", "");
        folder.Write("dotnet", "");
        folder.Write("other/file", "");
        File.CreateSymbolicLink(folder["other/dotnet"], folder["dotnet"]);
        foreach (var place in new[] { ".", "dotnet", "shared/Microsoft.NETCore.App/10.0.2/", "other" })
        {
            Assert.Contains("Goes on", Assert.Single(Read("/nowhere", "", folder[place])).Text);
        }
    }

    [Fact]
    public void Without_packs_the_error_says_what_to_install()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(".NET SDK", Assert.Throws<CorpusException>(() => Read(folder["a/b/c/d"])).Message);
        Assert.Contains("security", Assert.Throws<CorpusException>(() => SdkDocumentationCorpus.Read([folder.FullPath], ["cooking"])).Message);
    }

    [Theory]
    [InlineData("<doc><members><member name=\"T:A\"><summary>x</summary>")]
    [InlineData("<!DOCTYPE doc [<!ENTITY a \"b\">]><doc>&a;</doc>")]
    [InlineData("no xml")]
    public void A_damaged_file_is_named(string content)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write($"{Folder}/A.xml", content);
        Assert.Equal(path, Assert.Throws<CorpusException>(() => Read(folder.FullPath)).Path);
    }

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        using var folder = new TemporaryFolder();
        folder.Write($"{Folder}/A.xml", $"<doc><member name=\"T:A\">{string.Concat(Enumerable.Repeat("<p>", 100_000))}");
        Assert.Contains("nests", Assert.Throws<CorpusException>(() => Read(folder.FullPath)).Message);
    }

    [Fact]
    public void Long_types_are_split_and_short_neighbours_joined()
    {
        var lines = Enumerable.Range(0, 40).Select(i => $"<member name=\"M:N.Big.M{i}\"><summary>{Words(i)}.</summary></member>");
        using var folder = new TemporaryFolder();
        folder.Write(
            $"{Folder}/A.xml",
            $"<doc>{string.Concat(lines)}<member name=\"T:N.Small\"><summary>Small one.</summary></member><member name=\"T:M.Far\"><summary>Far away.</summary></member></doc>");
        var documents = Read(folder.FullPath).ToList();
        Assert.Equal(["A/N.Big", "A/N.Big#1"], documents.Take(2).Select(document => document.Id));
        Assert.All(documents, document => Assert.InRange(document.Text.Length, 1, 4096));
        Assert.StartsWith("Big\n", documents[1].Text);
        Assert.Equal("Far\nFar away.", documents[^1].Text);
        Assert.Equal(40, documents.Sum(document => document.Text.Split('\n').Count(line => line.StartsWith("word", StringComparison.Ordinal))));
    }

    [SdkFact]
    public void The_sdk_of_this_machine_has_enough_prose_in_every_domain()
    {
        var documents = Read(SdkFactAttribute.Root!).ToList();
        var bytes = documents.GroupBy(document => document.Domain)
            .ToDictionary(domain => domain.Key, domain => domain.Sum(document => (long)Encoding.UTF8.GetByteCount(document.Text)));
        Assert.Equal(DocumentationDomains.All.Order(), bytes.Keys.Order());
        Assert.All(bytes, domain => Assert.True(domain.Value > 500_000, $"{domain.Key}: {domain.Value} bytes"));
        Assert.True(bytes.Values.Count(size => size >= 600_000) >= 4);
        Assert.Equal(documents.Count, documents.Select(document => document.Id).Distinct().Count());
        Assert.All(documents, document => Assert.InRange(Encoding.UTF8.GetByteCount(document.Text), 1, 8192));
        Assert.DoesNotContain(documents, document => document.Text.Contains("cref=", StringComparison.Ordinal));
    }

    [SdkFact]
    public void The_order_is_stable_and_choosing_domains_changes_no_text()
    {
        var all = Read(SdkFactAttribute.Root!).Where(document => document.Domain is "security" or "web").ToList();
        Assert.Equal(all, SdkDocumentationCorpus.Read([SdkFactAttribute.Root!], ["web", "security"]));
    }

    private static string Words(int number) =>
        "word" + string.Concat(Enumerable.Range(0, 30).Select(i => $" {(char)('a' + ((number * 7) + i) % 26)}{(char)('a' + (number % 26))}{(char)('a' + (number / 26))}"));

    private static IEnumerable<Document> Read(params string[] places) =>
        CorpusReader.Read(new CorpusSource { Kind = CorpusSourceKind.SdkDocs, Paths = places }).ToList();
}
