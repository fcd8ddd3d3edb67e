using System.Globalization;
using System.Text;
using System.Text.Json;
using Transfuse.Artifacts;
using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Pipeline.Stages;
using Transfuse.Recipes;
using Transfuse.Tensors.Devices;

namespace Transfuse.Pipeline;

/// <summary>
/// Carries out recipes in run folders. A run that was interrupted, or killed, goes on where it stood and ends in the same bits as one that
/// was not.
/// </summary>
public static class RecipeRunner
{
    private const string BaseFolderKey = "base_folder";

    /// <summary>Starts a run.</summary>
    /// <param name="run">A new run folder.</param>
    /// <param name="recipeText">The recipe as it was given; kept in the folder.</param>
    /// <param name="recipe">The recipe as read, overrides included.</param>
    /// <param name="options">How it is carried out here.</param>
    /// <param name="device">Where models run.</param>
    /// <param name="progress">Told of stages and of how far they are.</param>
    /// <param name="cancellationToken">Ends the run after saving its state.</param>
    /// <exception cref="TransfuseException">An input is missing or damaged, or training diverged.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the run can be resumed.</exception>
    public static RunResult Start(
        RunFolder run, string recipeText, Recipe recipe, PipelineOptions options, Device device, IProgress<RunEvent> progress, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(recipeText);
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(progress);
        using var hold = Hold(run);
        AtomicFile.Write(run.RecipeFile, Encoding.UTF8.GetBytes(recipeText));
        WriteManifest(run, recipe, options, device);
        AtomicFile.Write(run.ResolvedRecipeFile, Encoding.UTF8.GetBytes(RecipeWriter.ToResolvedYaml(recipe)));
        return Execute(run, recipe, options, device, progress, cancellationToken);
    }

    /// <summary>Continues a run with its own resolved recipe; of a finished run it gives the result again.</summary>
    /// <param name="run">The folder of the run.</param>
    /// <param name="options">How it is carried out here; the folder that paths start from is the run's own.</param>
    /// <param name="device">Where models run.</param>
    /// <param name="progress">Told of stages and of how far they are.</param>
    /// <param name="cancellationToken">Ends the run after saving its state.</param>
    /// <exception cref="RecipeException">The resolved recipe was altered and is invalid now.</exception>
    /// <exception cref="TransfuseException">An input is missing or damaged, the recipe's meaning was changed, or training diverged.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the run can be resumed.</exception>
    public static RunResult Resume(
        RunFolder run, PipelineOptions options, Device device, IProgress<RunEvent> progress, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(progress);
        using var hold = Hold(run);
        return Execute(run, ReadRecipe(run), options with { BaseFolder = ReadBaseFolder(run) }, device, progress, cancellationToken);
    }

    /// <summary>
    /// What a run would do: its stages, which of them are taken over, and the memory that each takes. Only what names the inputs is done, in a
    /// folder that is removed again: texts are read and divided, and existing models hashed.
    /// </summary>
    /// <param name="recipe">The recipe as read, overrides included.</param>
    /// <param name="options">How it would be carried out here.</param>
    /// <param name="device">Where models would run; takes no memory.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <exception cref="TransfuseException">An input is missing or damaged.</exception>
    public static RunForecast Forecast(Recipe recipe, PipelineOptions options, Device device, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(device);
        var folder = Directory.CreateTempSubdirectory("transfuse-forecast-").FullName;
        try
        {
            var run = RunFolder.CreateAt(folder);
            var context = new StageContext(run, device, new MetricsLog(run.MetricsFile), new InlineProgress<RunEvent>(_ => { }), options.Time, cancellationToken);
            return new RunForecast(new StageRunner(context, options.ReuseFrom).Forecast(RecipePlan.Of(recipe, options).Stages), device.Memory.LimitInBytes);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The resolved recipe of a run.</summary>
    /// <exception cref="RecipeException">It was altered and is invalid now.</exception>
    public static Recipe ReadRecipe(RunFolder run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return RecipeReader.Read(File.ReadAllText(run.ResolvedRecipeFile), run.ResolvedRecipeFile);
    }

    private static RunResult Execute(
        RunFolder run, Recipe recipe, PipelineOptions options, Device device, IProgress<RunEvent> progress, CancellationToken cancellationToken)
    {
        var plan = RecipePlan.Of(recipe, options);
        var metrics = new MetricsLog(run.MetricsFile);
        var context = new StageContext(run, device, metrics, progress, options.Time, cancellationToken);
        var stage = new LastStage(progress);
        try
        {
            var runner = new StageRunner(context with { Progress = stage }, options.ReuseFrom);
            runner.RequireFit(plan.Stages);
            runner.Run(plan.Stages);
            var rows = EvaluateStage.Read(run);
            AtomicFile.Write(run.ReportFile, Encoding.UTF8.GetBytes(RunReport.Render(run, recipe, plan, rows, device)));
            RunStatus.Write(run, RunState.Done, stage.Name, options.Time);
            return new RunResult(run, rows, plan.TrainTokens, plan.Results[^1].ModelFolder(run));
        }
        catch (Exception exception)
        {
            RunStatus.Write(run, exception is OperationCanceledException ? RunState.Interrupted : RunState.Failed, stage.Name, options.Time);
            throw;
        }
    }

    private static FileStream Hold(RunFolder run)
    {
        try
        {
            return new FileStream(run.At("run.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new ArtifactException(run.Path, "another process works on this run. Wait for it to end, or stop it.", exception);
        }
    }

    private static void WriteManifest(RunFolder run, Recipe recipe, PipelineOptions options, Device device) => AtomicFile.Write(run.At("manifest.json"), stream =>
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteString("created_by", options.CreatedBy);
        writer.WriteString("created", options.Time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        writer.WriteString("recipe", recipe.Kind);
        writer.WriteNumber("seed", recipe.Seed);
        writer.WriteString("device", device.Name);
        writer.WriteString(BaseFolderKey, options.BaseFolder);
        writer.WriteEndObject();
    });

    private static string ReadBaseFolder(RunFolder run)
    {
        var path = run.At("manifest.json");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.GetProperty(BaseFolderKey).GetString()!;
        }
        catch (Exception exception) when (exception is IOException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new ArtifactException(path, $"is damaged ({exception.Message}). Restore it, or start a new run.", exception);
        }
    }

    /// <summary>Remembers which stage is at work, for the status.</summary>
    private sealed class LastStage(IProgress<RunEvent> next) : IProgress<RunEvent>
    {
        internal string Name { get; private set; } = "";

        public void Report(RunEvent value)
        {
            Name = value is StageEvent stage ? stage.Stage : Name;
            next.Report(value);
        }
    }
}
