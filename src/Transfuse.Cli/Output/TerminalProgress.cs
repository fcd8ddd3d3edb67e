using Spectre.Console;
using Spectre.Console.Rendering;
using Transfuse.Diagnostics;

namespace Transfuse.Cli.Output;

/// <summary>Progress on a terminal: a bar per stage; a finished stage stays as one line.</summary>
internal sealed class TerminalProgress : IProgress<RunEvent>
{
    private readonly ProgressContext _context;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ProgressTask> _tasks = new(StringComparer.Ordinal);

    private TerminalProgress(ProgressContext context)
    {
        _context = context;
    }

    /// <summary>Does the work while its stages are drawn.</summary>
    internal static TResult Run<TResult>(IAnsiConsole console, bool useUnicode, Func<IProgress<RunEvent>, TResult> work)
    {
        var spinner = useUnicode ? Spinner.Known.Dots : Spinner.Known.Line;
        return console.Progress()
            .AutoRefresh(true)
            .Columns(new SpinnerColumn(spinner), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new EtaColumn())
            .Start(context => work(new TerminalProgress(context)));
    }

    public void Report(RunEvent value)
    {
        if (value is not ProgressEvent progress)
        {
            return;
        }

        lock (_lock)
        {
            if (!_tasks.TryGetValue(progress.Stage, out var task))
            {
                task = _context.AddTask(Markup.Escape(progress.Stage));
                _tasks.Add(progress.Stage, task);
            }

            var detail = progress.Detail is null ? string.Empty : $"  {progress.Detail}";
            task.Description = Markup.Escape($"{progress.Stage}  {ProgressText.Count(progress)}{detail}");
            task.IsIndeterminate = progress.Total <= 0;
            task.MaxValue = Math.Max(1, progress.Total);
            task.Value = progress.Total > 0 ? progress.Done : 0;
        }
    }

    // Time left, or time taken when done, in the words that plain progress uses.
    private sealed class EtaColumn : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            var text = task.IsFinished ? ProgressText.Duration(task.ElapsedTime ?? TimeSpan.Zero)
                : task.RemainingTime is { } left ? $"eta {ProgressText.Duration(left)}"
                : string.Empty;
            return new Text(text);
        }
    }
}
