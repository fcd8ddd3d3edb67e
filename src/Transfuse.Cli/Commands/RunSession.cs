using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Diagnostics;
using Transfuse.Pipeline;
using Transfuse.Recipes;
using Transfuse.Tensors.Devices.Cpu;

namespace Transfuse.Cli.Commands;

/// <summary>A run with its device and its progress; tells how to go on where it is interrupted.</summary>
internal static class RunSession
{
    /// <summary>Starts a run.</summary>
    internal static RunResult Start(
        ToolContext context, RunFolder run, string recipeText, Recipe recipe, PipelineOptions options, CancellationToken cancellation) =>
        Execute(context, run, recipe.Precision, (device, progress) => RecipeRunner.Start(run, recipeText, recipe, options, device, progress, cancellation));

    /// <summary>Continues a run.</summary>
    internal static RunResult Resume(ToolContext context, RunFolder run, PipelineOptions options, CancellationToken cancellation) =>
        Execute(context, run, RecipeRunner.ReadRecipe(run).Precision, (device, progress) => RecipeRunner.Resume(run, options, device, progress, cancellation));

    private static RunResult Execute(ToolContext context, RunFolder run, PrecisionMode precision, Func<CpuDevice, IProgress<RunEvent>, RunResult> work)
    {
        using var device = context.CreateDevice(precision);
        context.Output.Note($"run {run.Path}  {device.Name}");
        try
        {
            return context.Output.WithProgress(progress => work(device, progress));
        }
        catch (OperationCanceledException)
        {
            context.Output.Note($"Saved. Continue with: transfuse resume {ShellText.Argument(run.Path)}");
            throw;
        }
    }
}
