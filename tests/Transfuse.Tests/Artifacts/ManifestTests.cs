using System.Text;
using Transfuse.Artifacts;
using Transfuse.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Artifacts;

public sealed class ManifestTests
{
    private static readonly string Hash = ContentHash.OfText("input");

    internal static Manifest Example { get; } = new()
    {
        Kind = "corpus",
        FormatVersion = 1,
        CreatedBy = "transfuse 0.1.0 <\"ü\">",
        Inputs = Manifest.Sorted<string>().Add("model", Hash).Add("Model", Hash),
        Parameters = Manifest.Sorted<string>().Add("k", "10"),
        Counts = Manifest.Sorted<long>().Add("tokens", long.MaxValue).Add("documents", 0),
        Seed = -7,
        Files = [new ManifestFile("b/c.bin", 3, Hash), new ManifestFile("a", 0, Hash)],
    };

    [Fact]
    public void Reading_gives_what_was_written_and_the_same_bytes_again()
    {
        using var folder = new TemporaryFolder();
        Example.Write(folder.FullPath);
        var read = Manifest.Read(folder.FullPath, "corpus", 1);
        Assert.Equal(Example.ToJson(), read.ToJson());
        Assert.Equal(Example.ToJson(), File.ReadAllBytes(folder["manifest.json"]));
        Assert.Equal(-7, read.Seed);
        Assert.Equal(long.MaxValue, read.Counts["tokens"]);
        Assert.Equal(Hash, read.Inputs["model"]);
        Assert.Equal(["a", "b/c.bin"], read.Files.Select(file => file.Name));
    }

    [Theory]
    [InlineData("\"kind\": \"corpus\"", "\"kind\": \"model\"", "kind 'model'")]
    [InlineData("\"kind\": \"corpus\"", "\"kind\": 3", "expected String")]
    [InlineData("\"kind\": \"corpus\",", "", "'kind' is missing")]
    [InlineData("\"formatVersion\": 1", "\"formatVersion\": 2", "format version 2")]
    [InlineData("\"formatVersion\": 1", "\"formatVersion\": 0", "formatVersion")]
    [InlineData("\"documents\": 0", "\"documents\": -1", "expected a count")]
    [InlineData("\"documents\": 0", "\"documents\": 0.5", "expected a count")]
    [InlineData("\"length\": 3", "\"length\": -3", "'length'")]
    [InlineData("b/c.bin", "../c.bin", "leaves the folder")]
    [InlineData("b/c.bin", "/c.bin", "leaves the folder")]
    [InlineData("b/c.bin", "b\\\\c.bin", "leaves the folder")]
    [InlineData("b/c.bin", "a", "twice")]
    [InlineData("\"seed\": -7", "\"seed\": \"x\"", "'seed'")]
    [InlineData("\"k\": \"10\"", "\"k\": \"10\", \"k\": \"11\"", "JSON")]
    [InlineData("{", "", "JSON")]
    public void A_wrong_manifest_is_an_error_that_says_what(string old, string replacement, string expected)
    {
        using var folder = new TemporaryFolder();
        var json = Encoding.UTF8.GetString(Example.ToJson());
        var start = json.IndexOf(old, StringComparison.Ordinal);
        folder.Write("manifest.json", json[..start] + replacement + json[(start + old.Length)..]);
        var exception = Assert.Throws<ArtifactException>(() => Manifest.Read(folder.FullPath, "corpus", 1));
        Assert.Contains(expected, exception.Message);
        Assert.Equal(folder["manifest.json"], exception.Path);
    }

    [Fact]
    public void Any_prefix_and_any_changed_byte_is_read_or_refused_but_never_crashes()
    {
        using var folder = new TemporaryFolder();
        var json = Example.ToJson();
        for (var i = 0; i < json.Length; i++)
        {
            var altered = (byte[])json.Clone();
            altered[i] ^= 0x81;
            Assert.Null(Record.Exception(() => TryParse(altered)));
            Assert.Null(Record.Exception(() => TryParse(json[..i])));
        }
    }

    private static void TryParse(byte[] json)
    {
        try
        {
            ManifestReader.Parse("manifest.json", json);
        }
        catch (ArtifactException)
        {
        }
    }
}
