using System.CommandLine;
using Transfuse.Checkpoints.Comparison;
using Transfuse.Cli.Commands.Comparison;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;

namespace Transfuse.Cli.Commands;

/// <summary><c>diff</c>: how far the weights of two checkpoints are apart.</summary>
internal sealed class DiffVerb : Verb
{
    private readonly Argument<string> _a = Checkpoint("a");
    private readonly Argument<string> _b = Checkpoint("b");
    private readonly Option<bool> _changed = new("--changed") { Description = "List only tensors that differ." };
    private readonly Option<bool> _exitCode = new("--exit-code") { Description = "Exit with 5 if the checkpoints differ." };

    internal DiffVerb()
        : base(
            "diff",
            "Compares the weights of two checkpoints tensor by tensor, under their Hugging Face names and whatever their formats. Values are compared as float32, or as float64 where one of the two is.",
            "transfuse diff models/before models/after --changed",
            "transfuse diff models/a a.q8_0.gguf --json",
            "transfuse diff models/a models/b --exit-code --quiet")
    {
        Add(_a);
        Add(_b);
        Add(_changed);
        Add(_exitCode);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var (nameA, nameB) = (context.Arguments.GetRequiredValue(_a), context.Arguments.GetRequiredValue(_b));
        using var a = Open(context, nameA, cancellation);
        using var b = Open(context, nameB, cancellation);
        var result = new DiffResult(
            nameA, nameB, [.. context.Output.WithProgress(progress => CheckpointComparison.Compare(a, b, progress, cancellation).ToList())]);
        var listed = context.Arguments.GetValue(_changed) ? result.Tensors.Where(tensor => !tensor.IsEqual) : result.Tensors;
        context.Output.Result(
            "transfuse.diff/1", json => DiffView.WriteJson(json, result, listed), () => DiffView.Write(context.Output, result, listed), result.IsEqual ? "equal" : "different");
        return context.Arguments.GetValue(_exitCode) && !result.IsEqual ? ExitCodes.CheckFailed : ExitCodes.Done;
    }

    private static Argument<string> Checkpoint(string name) => new(name) { Description = "Model folder, .safetensors or .gguf file, adapter folder, or name on the hub." };

    private static TensorSet Open(ToolContext context, string name, CancellationToken cancellation) => TensorSet.Open(context.ResolveModel(name, cancellation));
}
