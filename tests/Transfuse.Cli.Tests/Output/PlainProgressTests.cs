using Transfuse.Cli.Output;
using Transfuse.Diagnostics;

namespace Transfuse.Cli.Tests.Output;

public sealed class PlainProgressTests
{
    [Fact]
    public void A_stage_gets_a_line_at_its_begin_every_ten_seconds_and_once_at_its_end()
    {
        using var writer = new StringWriter { NewLine = "\n" };
        var time = new ManualTime();
        var progress = new PlainProgress(writer, time);
        foreach (var (seconds, done) in new[] { (0, 0), (4, 10), (10, 25), (15, 40), (20, 50), (40, 100), (60, 100) })
        {
            time.Now = TimeSpan.FromSeconds(seconds);
            progress.Report(new ProgressEvent("train", done, 100, "steps", "loss 2.5"));
        }

        Assert.Equal(
            """
            train  0/100 steps  0 %  0 s  loss 2.5
            train  25/100 steps  25 %  10 s  eta 30 s  loss 2.5
            train  50/100 steps  50 %  20 s  eta 20 s  loss 2.5
            train  100/100 steps  100 %  40 s  loss 2.5

            """,
            writer.ToString());
    }

    private sealed class ManualTime : TimeProvider
    {
        internal TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
