using Transfuse.Errors;
using Transfuse.Pipeline;

namespace Transfuse.Tests.Pipeline;

public sealed class MetricsLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("transfuse metrics ").FullName;

    private string LogPath => Path.Combine(_folder, "metrics.jsonl");

    [Fact]
    public void Lines_come_back_as_written()
    {
        var log = new MetricsLog(LogPath);
        log.Append(Line("train a", 1, 2.5));
        log.Append(Line("train a", 2, 1.0 / 3));

        var lines = MetricsLog.Read(LogPath);

        Assert.Equal(["train a", "train a"], lines.Select(line => line.Stage));
        Assert.Equal([1, 2], lines.Select(line => line.Step));
        Assert.Equal(1.0 / 3, lines[1]["loss"]);
        Assert.Null(lines[1]["unknown"]);
    }

    [Fact]
    public void Rewinding_drops_later_steps_of_the_stage_and_a_line_cut_short()
    {
        var log = new MetricsLog(LogPath);
        log.Append(Line("train a", 1, 1));
        log.Append(Line("train b", 10, 2));
        log.Append(Line("train b", 20, 3));
        var expected = File.ReadAllText(LogPath);
        log.Append(Line("train b", 30, 4));
        File.AppendAllText(LogPath, "{\"stage\":\"train b\",\"st");

        log.Rewind("train b", 20);

        Assert.Equal(expected, File.ReadAllText(LogPath));
    }

    [Fact]
    public void A_line_that_is_no_metrics_is_an_error()
    {
        File.WriteAllText(LogPath, "{\"stage\":\"a\"}\n");

        var error = Assert.Throws<ArtifactException>(() => new MetricsLog(LogPath).Rewind("a", 0));

        Assert.Contains("no metrics object", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_log_is_empty()
    {
        new MetricsLog(LogPath).Rewind("a", 0);

        Assert.Empty(MetricsLog.Read(LogPath));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static MetricsLine Line(string stage, int step, double loss) => new(stage, step, [new("loss", loss)]);
}
