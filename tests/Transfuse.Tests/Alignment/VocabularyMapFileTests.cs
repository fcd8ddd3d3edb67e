using System.Security.Cryptography;
using Transfuse.Alignment;
using Transfuse.Errors;

namespace Transfuse.Tests.Alignment;

public sealed class VocabularyMapFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("transfuse-map-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_map_survives_writing_and_reading()
    {
        var map = Map();
        VocabularyMapFile.Write(Path, map);
        var read = VocabularyMapFile.Read(Path);
        Assert.Equal(
            (map.Kind, map.SourceHash, map.TargetHash, map.SourceSize, map.TargetSize),
            (read.Kind, read.SourceHash, read.TargetHash, read.SourceSize, read.TargetSize));
        Assert.Equal(map.Starts.ToArray(), read.Starts.ToArray());
        Assert.Equal(map.Targets.ToArray(), read.Targets.ToArray());
        Assert.Equal(map.Probabilities.ToArray(), read.Probabilities.ToArray());
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Every_flipped_byte_and_every_cut_is_noticed()
    {
        VocabularyMapFile.Write(Path, Map());
        var good = File.ReadAllBytes(Path);
        for (var at = 0; at < good.Length; at++)
        {
            var bad = (byte[])good.Clone();
            bad[at] ^= 0x40;
            File.WriteAllBytes(Path, bad);
            Assert.Throws<ArtifactException>(() => VocabularyMapFile.Read(Path));
            File.WriteAllBytes(Path, good[..at]);
            Assert.Throws<ArtifactException>(() => VocabularyMapFile.Read(Path));
        }
    }

    [Theory]
    [InlineData(12, int.MaxValue)]
    [InlineData(12, -2)]
    [InlineData(20, int.MaxValue)]
    [InlineData(16, 1)]
    [InlineData(24, int.MaxValue)]
    [InlineData(24, -1)]
    [InlineData(4, 99)]
    [InlineData(8, 77)]
    public void Numbers_that_lie_are_noticed_although_the_checksum_fits(int offset, int value)
    {
        VocabularyMapFile.Write(Path, Map());
        var content = File.ReadAllBytes(Path)[..^32];
        BitConverter.TryWriteBytes(content.AsSpan(offset), value);
        File.WriteAllBytes(Path, [.. content, .. SHA256.HashData(content)]);
        Assert.Throws<ArtifactException>(() => VocabularyMapFile.Read(Path));
    }

    [Fact]
    public void A_missing_file_is_an_error_with_its_path() =>
        Assert.Contains(Path, Assert.Throws<ArtifactException>(() => VocabularyMapFile.Read(Path)).Message, StringComparison.Ordinal);

    [Fact]
    public void Names_differ_by_kind_tokenizers_and_text()
    {
        string[] names =
        [
            VocabularyMapFile.NameOf(VocabularyMapKind.Prefix, "a", "b"),
            VocabularyMapFile.NameOf(VocabularyMapKind.Exact, "a", "b"),
            VocabularyMapFile.NameOf(VocabularyMapKind.Prefix, "b", "a"),
            VocabularyMapFile.NameOf(VocabularyMapKind.Prefix, "a", "b", "c"),
        ];
        Assert.Equal(names.Length, names.Distinct(StringComparer.Ordinal).Count());
    }

    private string Path => System.IO.Path.Combine(_folder, "a.map");

    private static VocabularyMap Map() =>
        new(VocabularyMapKind.Projection, "source-hash", "target-hash", 7, [0, 2, 2, 3], [4, 6, 2], [.5f, .25f, 1f]);
}
