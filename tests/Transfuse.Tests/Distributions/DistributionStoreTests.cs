using Transfuse.Artifacts;
using Transfuse.Distributions;
using Transfuse.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Distributions;

public sealed class DistributionStoreTests
{
    private static readonly DocumentDistributions[] Documents =
        [.. new[] { 12, 0, 3, 1, 7 }.Select((tokens, i) => StoreExamples.Document($"doc {i}", tokens, 1000, 10, seed: 11))];

    [Fact]
    public void Documents_come_back_in_order_and_by_id()
    {
        using var folder = new TemporaryFolder();
        Write(folder.FullPath);
        using var reader = DistributionStoreReader.Open(folder.FullPath);
        Assert.Equal(Documents.Select(document => document.DocumentId), reader.DocumentIds);
        Assert.Equal(23, reader.TokenCount);
        Assert.Equal(StoreExamples.Options(), reader.Options);
        Assert.All(Documents.Zip(reader.ReadAll()), pair => StoreExamples.AssertClose(pair.First, pair.Second));
        StoreExamples.AssertClose(Documents[2], reader.Read("doc 2"));
        Assert.True(reader.Contains("doc 4"));
        Assert.Throws<ArtifactException>(() => reader.Read("doc 5"));
        ArtifactFolder.Open(folder.FullPath, "distributions", 1).Verify();
    }

    [Fact]
    public void An_empty_store_is_a_store()
    {
        using var folder = new TemporaryFolder();
        using (var writer = DistributionStoreWriter.Open(folder.FullPath, StoreExamples.Options()))
        {
            writer.Complete();
        }

        using var reader = DistributionStoreReader.Open(folder.FullPath);
        Assert.Empty(reader.ReadAll());
    }

    [Fact]
    public void A_store_cut_at_any_byte_is_continued_to_the_same_bytes()
    {
        using var whole = new TemporaryFolder();
        var start = Write(whole.FullPath);
        var data = File.ReadAllBytes(whole["distributions.bin"]);
        for (var length = start; length <= data.Length; length++)
        {
            using var folder = new TemporaryFolder();
            folder.Write("distributions.bin", data[..length]);
            Continue(folder.FullPath);
            AssertSameFiles(whole, folder);
        }
    }

    [Fact]
    public void A_tail_that_never_reached_the_disk_is_rewritten()
    {
        using var whole = new TemporaryFolder();
        var start = Write(whole.FullPath);
        var data = File.ReadAllBytes(whole["distributions.bin"]);
        for (var length = start; length < data.Length; length += 5)
        {
            // After a power failure the file can have its length, but zeros or other bytes at the end.
            foreach (var filler in new byte[] { 0, 0xA5 })
            {
                using var folder = new TemporaryFolder();
                var damaged = (byte[])data.Clone();
                damaged.AsSpan(length).Fill(filler);
                folder.Write("distributions.bin", damaged);
                Continue(folder.FullPath);
                AssertSameFiles(whole, folder);
            }
        }
    }

    [Fact]
    public void Damage_where_no_interruption_reaches_is_reported_and_nothing_is_cut()
    {
        using var folder = new TemporaryFolder();
        var start = Write(folder.FullPath);
        var path = folder["distributions.bin"];
        var bytes = File.ReadAllBytes(path);
        bytes[start + 20] ^= 1;
        folder.Write("distributions.bin", bytes);
        var exception = Assert.Throws<ArtifactException>(() => StoreRecovery.Scan(path, StoreExamples.Options(), crashWindow: 100));
        Assert.Contains($"byte {start}", exception.Message);
        Assert.Equal(bytes, File.ReadAllBytes(path));
    }

    [Fact]
    public void A_store_of_other_inputs_is_not_continued()
    {
        using var folder = new TemporaryFolder();
        DistributionStoreWriter.Open(folder.FullPath, StoreExamples.Options()).Dispose();
        foreach (var other in new[]
        {
            StoreExamples.Options() with { ModelHash = ContentHash.OfText("other") },
            StoreExamples.Options() with { CorpusHash = ContentHash.OfText("other") },
            StoreExamples.Options() with { TopK = 5 },
            StoreExamples.Options() with { KeptMass = 0.5 },
        })
        {
            Assert.Throws<ArtifactException>(() => DistributionStoreWriter.Open(folder.FullPath, other));
        }

        DistributionStoreWriter.Open(folder.FullPath, StoreExamples.Options() with { CreatedBy = "a later version" }).Dispose();
    }

    [Fact]
    public void A_complete_store_is_closed_and_an_incomplete_one_cannot_be_read()
    {
        using var folder = new TemporaryFolder();
        using (var writer = DistributionStoreWriter.Open(folder.FullPath, StoreExamples.Options()))
        {
            writer.Append(Documents[0]);
            Assert.Throws<ArgumentException>(() => writer.Append(Documents[0]));
        }

        Assert.Throws<ArtifactException>(() => DistributionStoreReader.Open(folder.FullPath));
        Continue(folder.FullPath);
        Assert.Throws<ArtifactException>(() => DistributionStoreWriter.Open(folder.FullPath, StoreExamples.Options()));
    }

    [Theory]
    [InlineData("distributions.bin")]
    [InlineData("index.bin")]
    [InlineData("manifest.json")]
    public void Any_altered_byte_and_any_cut_gives_equal_data_or_our_error(string name)
    {
        using var folder = new TemporaryFolder();
        Write(folder.FullPath);
        List<DocumentDistributions> expected;
        using (var reader = DistributionStoreReader.Open(folder.FullPath))
        {
            expected = reader.ReadAll().ToList();
        }

        var bytes = File.ReadAllBytes(folder[name]);
        for (var i = 0; i < bytes.Length; i++)
        {
            foreach (var mask in new byte[] { 0x01, 0x80, 0xFF })
            {
                var altered = (byte[])bytes.Clone();
                altered[i] ^= mask;
                folder.Write(name, altered);
                AssertEqualOrRefused(folder.FullPath, expected);
            }
        }

        // The manifest's last byte is a line end, which JSON can do without.
        for (var length = 0; length < bytes.Length - 1; length += 3)
        {
            folder.Write(name, bytes[..length]);
            Assert.Throws<ArtifactException>(() => DistributionStoreReader.Open(folder.FullPath));
        }
    }

    private static void AssertEqualOrRefused(string path, List<DocumentDistributions> expected)
    {
        try
        {
            using var reader = DistributionStoreReader.Open(path);
            var actual = reader.ReadAll().ToList();
            Assert.Equal(expected.Count, actual.Count);
            Assert.All(expected.Zip(actual), pair => StoreExamples.AssertEqual(pair.First, pair.Second));
        }
        catch (ArtifactException)
        {
        }
    }

    /// <summary>Writes the documents and returns where the first block begins.</summary>
    private static int Write(string path)
    {
        using var writer = DistributionStoreWriter.Open(path, StoreExamples.Options());
        var start = (int)writer.ByteCount;
        Array.ForEach(Documents, writer.Append);
        writer.Complete();
        return start;
    }

    private static void Continue(string path)
    {
        using var writer = DistributionStoreWriter.Open(path, StoreExamples.Options());
        foreach (var document in Documents.Skip(writer.DocumentIds.Count))
        {
            writer.Append(document);
        }

        writer.Complete();
    }

    private static void AssertSameFiles(TemporaryFolder expected, TemporaryFolder actual)
    {
        foreach (var name in new[] { "distributions.bin", "index.bin", "manifest.json" })
        {
            Assert.Equal(File.ReadAllBytes(expected[name]), File.ReadAllBytes(actual[name]));
        }
    }
}
