using Transfuse.Artifacts;
using Transfuse.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Artifacts;

public sealed class ArtifactFolderTests
{
    [Fact]
    public void A_sealed_folder_opens_verifies_and_keeps_its_hash()
    {
        using var folder = new TemporaryFolder();
        var written = Seal(folder);
        var opened = ArtifactFolder.Open(folder.FullPath, "corpus", 1);
        opened.Verify();
        Assert.Equal(written.Hash, opened.Hash);
        Assert.Equal(folder["sub/two"], opened.PathOf("sub/two"));
        Assert.Equal(5, opened.Entry("one").Length);
        Assert.True(ArtifactFolder.IsComplete(folder.FullPath));
    }

    [Fact]
    public void Missing_shortened_and_altered_files_are_found()
    {
        using var folder = new TemporaryFolder();
        Seal(folder);
        folder.Write("one", "other");
        var opened = ArtifactFolder.Open(folder.FullPath, "corpus", 1);
        Assert.Contains("altered", Assert.Throws<ArtifactException>(() => opened.Verify()).Message);
        folder.Write("one", "firs");
        Assert.Contains("4 bytes", Assert.Throws<ArtifactException>(() => ArtifactFolder.Open(folder.FullPath, "corpus", 1)).Message);
        File.Delete(folder["one"]);
        Assert.Contains("missing", Assert.Throws<ArtifactException>(() => ArtifactFolder.Open(folder.FullPath, "corpus", 1)).Message);
    }

    [Fact]
    public void A_folder_without_manifest_is_no_artifact()
    {
        using var folder = new TemporaryFolder();
        Assert.False(ArtifactFolder.IsComplete(folder.FullPath));
        Assert.Throws<ArtifactException>(() => ArtifactFolder.Open(folder.FullPath, "corpus", 1));
        Assert.Throws<ArtifactException>(() => ArtifactFolder.Seal(folder.FullPath, ManifestTests.Example, "../outside"));
    }

    private static ArtifactFolder Seal(TemporaryFolder folder)
    {
        folder.Write("one", "first");
        folder.Write("sub/two", "second");
        return ArtifactFolder.Seal(folder.FullPath, ManifestTests.Example, "sub/two", "one");
    }
}
