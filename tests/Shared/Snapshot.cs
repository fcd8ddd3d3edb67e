namespace Transfuse.Tests.Shared;

/// <summary>Compares text with an expectation file beside the tests. TRANSFUSE_UPDATE_SNAPSHOTS=1 writes the files anew.</summary>
internal static class Snapshot
{
    /// <summary>Asserts that a text equals the file; line ends and blanks at the ends of lines do not count.</summary>
    /// <param name="actual">The text.</param>
    /// <param name="path">The file, relative to the repository.</param>
    internal static void Match(string actual, string path)
    {
        var file = Path.Combine(Golden.RepositoryRoot(), path);
        var text = Normalise(actual);
        if (Environment.GetEnvironmentVariable("TRANSFUSE_UPDATE_SNAPSHOTS") is "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
            return;
        }

        Assert.True(File.Exists(file), $"{path} does not exist; run the test with TRANSFUSE_UPDATE_SNAPSHOTS=1 and read what it wrote.");
        Assert.Equal(Normalise(File.ReadAllText(file)), text);
    }

    private static string Normalise(string text) =>
        string.Join('\n', text.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd())).TrimEnd('\n') + "\n";
}
