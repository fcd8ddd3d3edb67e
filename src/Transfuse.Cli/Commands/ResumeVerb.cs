using System.CommandLine;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Pipeline;

namespace Transfuse.Cli.Commands;

/// <summary><c>resume</c>: continues an interrupted run.</summary>
internal sealed class ResumeVerb : Verb
{
    private readonly Argument<string> _run = new("run") { Description = "Folder of the run." };

    internal ResumeVerb()
        : base(
            "resume",
            "Continues a run that was interrupted or killed. It ends in the same bits as one that was not.",
            "transfuse resume runs/tiny-fuse-1")
    {
        Add(_run);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var run = RunFolder.Open(context.Resolve(context.Arguments.GetRequiredValue(_run)));
        var result = RunSession.Resume(context, run, RunOptions.PipelineOf(context, run.Path), cancellation);
        RunResultView.Write(context, "transfuse.run/1", seed: null, result);
        return ExitCodes.Done;
    }
}
