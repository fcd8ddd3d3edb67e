using System.Text.Json.Nodes;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Pipeline;
using Transfuse.Recipes;
using Transfuse.Tensors.Errors;

namespace Transfuse.Cli.Commands;

/// <summary>What <c>--dry-run</c> prints.</summary>
internal static class RunForecastView
{
    /// <summary>Prints what a run would do.</summary>
    /// <exception cref="ResourceLimitException">A stage cannot fit; the plan has been printed.</exception>
    internal static int Show(ToolContext context, Recipe recipe, PipelineOptions options, CancellationToken cancellation)
    {
        using var device = context.CreateDevice(recipe.Precision);
        var forecast = RecipeRunner.Forecast(recipe, options, device, cancellation);
        context.Output.Result("transfuse.plan/1", () => ToJson(forecast), () => Write(context.Output, forecast));
        forecast.RequireFit();
        return ExitCodes.Done;
    }

    private static JsonObject ToJson(RunForecast forecast) => new()
    {
        ["stages"] = new JsonArray([.. forecast.Stages.Select(stage => (JsonNode)new JsonObject
        {
            ["name"] = stage.Name,
            ["taken_over"] = stage.IsTakenOver,
            ["tokens"] = stage.Tokens,
            ["memory_bytes"] = stage.Memory is { } memory ? MemoryText.ToJson(memory) : null,
        })]),
        ["tokens"] = forecast.Tokens,
        ["largest_stage"] = forecast.Largest?.Name,
        ["peak_memory_bytes"] = forecast.Largest?.Memory?.Peak,
        ["memory_limit_bytes"] = forecast.LimitInBytes,
    };

    private static void Write(ToolOutput output, RunForecast forecast)
    {
        var table = new TextTable("stage", "", "tokens#", "weights#", "gradients#", "optimizer#", "working#", "memory#");
        foreach (var stage in forecast.Stages)
        {
            var memory = stage.Memory;
            string Size(long? bytes) => bytes is > 0 and var size ? ProgressText.Bytes(size) : "";
            table.Row(
                stage.Name, stage.IsTakenOver ? "taken over" : "runs", stage.Tokens > 0 ? ProgressText.Number(stage.Tokens) : "",
                Size(memory?.Parameters), Size(memory?.Gradients), Size(memory?.OptimizerStates), Size(memory?.Working), Size(memory?.Peak));
        }

        output.Table(table);
        if (forecast.Largest is { Memory: { } peak } largest)
        {
            output.Line($"The most memory takes '{largest.Name}': {ProgressText.Bytes(peak.Peak)} of {ProgressText.Bytes(forecast.LimitInBytes)}.");
        }

        output.Line($"Tokens to train on: {ProgressText.Number(forecast.Tokens)}. Nothing was run.");
    }
}
