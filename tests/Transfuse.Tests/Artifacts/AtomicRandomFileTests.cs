using Transfuse.Artifacts;
using Transfuse.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Artifacts;

public sealed class AtomicRandomFileTests
{
    [Fact]
    public void Bytes_lie_where_they_were_written_and_the_file_appears_at_commit()
    {
        using var folder = new TemporaryFolder();
        using var file = AtomicRandomFile.Create(folder["file"], 6);
        file.Write("cd"u8, 4);
        file.Write("ab"u8, 1);
        Assert.False(File.Exists(folder["file"]));
        file.Commit();
        Assert.Equal("\0ab\0cd", File.ReadAllText(folder["file"]));
        Assert.Equal([folder["file"]], Directory.GetFiles(folder.FullPath));
    }

    [Fact]
    public void Without_commit_the_old_file_stays()
    {
        using var folder = new TemporaryFolder();
        folder.Write("file", "old");
        using (var file = AtomicRandomFile.Create(folder["file"], 3))
        {
            file.Write("new"u8, 0);
        }

        Assert.Equal("old", File.ReadAllText(folder["file"]));
        Assert.Equal([folder["file"]], Directory.GetFiles(folder.FullPath));
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named()
    {
        using var folder = new TemporaryFolder();
        folder.Write("file", "no folder");
        var path = folder["file/model.safetensors"];
        Assert.StartsWith(path, Assert.Throws<ArtifactException>(() => AtomicRandomFile.Create(path, 3)).Message, StringComparison.Ordinal);
    }
}
