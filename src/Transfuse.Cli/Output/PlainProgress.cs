using Transfuse.Diagnostics;

namespace Transfuse.Cli.Output;

/// <summary>Progress for files and build servers: a whole line when a stage begins and ends, and every ten seconds between.</summary>
internal sealed class PlainProgress : IProgress<RunEvent>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly TextWriter _writer;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Stage> _stages = new(StringComparer.Ordinal);

    internal PlainProgress(TextWriter writer, TimeProvider time)
    {
        _writer = writer;
        _time = time;
    }

    public void Report(RunEvent value)
    {
        if (value is not ProgressEvent progress)
        {
            return;
        }

        lock (_lock)
        {
            var now = _time.GetTimestamp();
            if (!_stages.TryGetValue(progress.Stage, out var stage))
            {
                stage = new Stage(now);
                _stages.Add(progress.Stage, stage);
            }

            var isDone = progress.Total > 0 && progress.Done >= progress.Total;
            var isDue = stage.LastLine is not { } last || _time.GetElapsedTime(last, now) >= Interval;
            if (stage.IsDone || (!isDone && !isDue))
            {
                return;
            }

            stage.IsDone = isDone;
            stage.LastLine = now;
            _writer.WriteLine(ProgressText.Line(progress, _time.GetElapsedTime(stage.Start, now)));
        }
    }

    private sealed class Stage(long start)
    {
        public long Start { get; } = start;

        public long? LastLine { get; set; }

        public bool IsDone { get; set; }
    }
}
