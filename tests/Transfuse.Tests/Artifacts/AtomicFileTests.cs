using Transfuse.Artifacts;
using Transfuse.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Artifacts;

public sealed class AtomicFileTests
{
    [Fact]
    public void The_file_appears_at_commit_and_not_before()
    {
        using var folder = new TemporaryFolder();
        var path = folder["deep/er/file"];
        using var file = AtomicFile.Create(path);
        file.Stream.Write("text"u8);
        Assert.False(File.Exists(path));
        Assert.True(File.Exists(path + AtomicFile.PartialSuffix));
        file.Commit();
        Assert.Equal("text", File.ReadAllText(path));
        Assert.False(File.Exists(path + AtomicFile.PartialSuffix));
    }

    [Fact]
    public void A_failed_write_leaves_the_old_file_and_no_partial_one()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("file", "old");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("new"u8);
            throw new InvalidOperationException();
        }));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(folder.FullPath));
    }

    [Fact]
    public void A_partial_file_of_an_earlier_run_is_overwritten()
    {
        using var folder = new TemporaryFolder();
        folder.Write("file.partial", "a longer text of a run that was killed");
        AtomicFile.Write(folder["file"], "new"u8);
        Assert.Equal("new", File.ReadAllText(folder["file"]));
    }

    [Fact]
    public void What_cannot_be_written_is_our_error()
    {
        using var folder = new TemporaryFolder();
        folder.Write("file", "no folder");
        Assert.Throws<ArtifactException>(() => AtomicFile.Write(folder["file/below"], "x"u8));
    }
}
