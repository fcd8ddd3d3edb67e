using System.CommandLine;
using Transfuse.Cli.Diagnosis;
using Transfuse.Cli.Hosting;
using Transfuse.Pipeline;

namespace Transfuse.Cli.Commands;

/// <summary>The options of verbs that start a run.</summary>
internal sealed class RunOptions
{
    private const string RunsFolder = "runs";
    private readonly Option<string?> _out = new("--out") { Description = "Folder of the run; otherwise the next free runs/<name>-<n>.", HelpName = "dir" };
    private readonly Option<bool> _fresh = new("--fresh") { Description = "Do every stage anew, even where another run's result could be taken over." };

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Print what would be done and the memory that it takes; run nothing." };

    /// <summary>Adds the options to a verb.</summary>
    /// <param name="command">The verb.</param>
    /// <param name="takesOver">Whether its runs take finished stages over from the runs beside, so that <c>--fresh</c> has a meaning.</param>
    internal void AddTo(Command command, bool takesOver = true)
    {
        command.Add(_out);
        if (takesOver)
        {
            command.Add(_fresh);
            command.Add(_dryRun);
        }
    }

    /// <summary>Whether the plan is asked for instead of a run.</summary>
    internal bool IsDryRun(ToolContext context) => context.Arguments.GetValue(_dryRun);

    /// <summary>The new run's folder.</summary>
    internal RunFolder Folder(ToolContext context, string name) => context.Arguments.GetValue(_out) is { } folder
        ? RunFolder.CreateAt(context.Resolve(folder))
        : RunFolder.Create(context.Resolve(RunsFolder), name);

    /// <summary>How a recipe is carried out.</summary>
    /// <param name="context">The command.</param>
    /// <param name="baseFolder">Folder that the recipe's paths start from.</param>
    internal PipelineOptions Pipeline(ToolContext context, string baseFolder) =>
        PipelineOf(context, baseFolder) with { ReuseFrom = context.Arguments.GetValue(_fresh) ? null : RunsBeside(context) };

    /// <summary>The same without taking anything over.</summary>
    internal static PipelineOptions PipelineOf(ToolContext context, string baseFolder) => new()
    {
        BaseFolder = baseFolder,
        SdkPlaces = SdkPlaces.Candidates(context.Environment.Variable),
        CreatedBy = $"transfuse {CommandLineTool.Version}",
        Time = context.Environment.Time,
    };

    private string RunsBeside(ToolContext context) => context.Arguments.GetValue(_out) is { } folder
        ? Path.GetDirectoryName(context.Resolve(folder))!
        : context.Resolve(RunsFolder);
}
