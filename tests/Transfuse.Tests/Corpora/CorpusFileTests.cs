using Transfuse.Artifacts;
using Transfuse.Corpora;
using Transfuse.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Corpora;

public sealed class CorpusFileTests
{
    private static readonly Manifest Origin = new() { Kind = "", FormatVersion = 1, CreatedBy = "test" };
    private static readonly Document[] Documents = [new("a/1", "law", "é \"quoted\"\n<b>&</b>\u2028\0"), new("a/2", "", "😀"), new("b", "law", "x")];

    [Fact]
    public void Reading_gives_what_was_written()
    {
        using var folder = new TemporaryFolder();
        var written = CorpusFile.Write(folder.FullPath, Documents, Origin);
        var read = CorpusFile.Open(folder.FullPath);
        Assert.Equal(Documents, read.Read());
        Assert.Equal(written.Hash, read.Hash);
        Assert.Equal(ContentHash.OfFile(folder["corpus.jsonl"]), read.Hash);
        Assert.Equal(3, read.Statistics.Documents);
        Assert.Equal(29, read.Statistics.Bytes);
        Assert.Equal(new CorpusDomainSize(2, 25), read.Statistics.Domains["law"]);
        Assert.Equal(new CorpusDomainSize(1, 4), read.Statistics.Domains[""]);
    }

    [Fact]
    public void An_altered_corpus_does_not_open()
    {
        using var folder = new TemporaryFolder();
        CorpusFile.Write(folder.FullPath, Documents, Origin);
        var bytes = File.ReadAllBytes(folder["corpus.jsonl"]);
        bytes[^4] ^= 1;
        folder.Write("corpus.jsonl", bytes);
        Assert.Throws<ArtifactException>(() => CorpusFile.Open(folder.FullPath));
    }

    [Fact]
    public void Two_documents_of_one_id_are_refused_and_nothing_is_left()
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<CorpusException>(() => CorpusFile.Write(folder.FullPath, [Documents[0], Documents[0]], Origin));
        Assert.Empty(Directory.GetFiles(folder.FullPath));
    }
}
