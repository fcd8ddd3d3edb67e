using System.Text.Json;
using Transfuse.Artifacts;
using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Tensors.Devices;

namespace Transfuse.Pipeline;

/// <summary>
/// Runs stages in order. A stage works in <c>&lt;folder&gt;.partial</c>, which becomes <c>&lt;folder&gt;</c> when it is complete; so a folder under
/// its final name is whole, whatever happened to the process.
/// </summary>
internal sealed class StageRunner
{
    private const string KeyFile = "stage.json";
    private readonly StageContext _context;
    private readonly string? _otherRuns;

    /// <summary>Prepares a runner.</summary>
    /// <param name="context">What the stages work with.</param>
    /// <param name="otherRuns">Folder of runs whose finished stages may be taken over where keys are equal; null takes none.</param>
    internal StageRunner(StageContext context, string? otherRuns)
    {
        _context = context;
        _otherRuns = otherRuns;
    }

    /// <summary>Runs whatever is not done yet.</summary>
    internal void Run(IEnumerable<Stage> stages)
    {
        foreach (var stage in stages)
        {
            _context.CancellationToken.ThrowIfCancellationRequested();
            var folder = _context.Run.At(stage.Folder);
            if (IsDone(stage, folder) || TakeOver(stage, folder))
            {
                _context.Progress.Report(new StageEvent(stage.Name, StageState.Cached, TimeSpan.Zero));
                continue;
            }

            Execute(stage, folder);
        }
    }

    /// <summary>Whether the stage's folder is complete.</summary>
    /// <exception cref="ArtifactException">It was made from other inputs or parameters.</exception>
    private bool IsDone(Stage stage, string folder)
    {
        if (!Directory.Exists(folder))
        {
            return false;
        }

        return HasKey(folder, KeyOf(stage))
            ? true
            : throw new ArtifactException(folder, "was made from another recipe than this run's recipe.resolved.yaml describes. Restore the recipe, or start a new run.");
    }

    private void Execute(Stage stage, string folder)
    {
        if (stage.Estimate(_context.Device) is { } estimate)
        {
            MemoryLimit.Require(stage.Name, estimate, _context.Device.Memory.LimitInBytes);
        }

        var started = _context.Time.GetTimestamp();
        RunStatus.Write(_context.Run, RunState.Running, stage.Name, _context.Time);
        _context.Progress.Report(new StageEvent(stage.Name, StageState.Started, TimeSpan.Zero));
        var partial = folder + AtomicFile.PartialSuffix;
        if (Directory.Exists(partial) && !HasKey(partial, KeyOf(stage)))
        {
            Directory.Delete(partial, recursive: true);
        }

        Directory.CreateDirectory(partial);
        WriteKey(stage, partial);
        stage.Run(_context, partial);
        Directory.Move(partial, folder);
        stage.CleanUp(folder);
        _context.Progress.Report(new StageEvent(stage.Name, StageState.Done, _context.Time.GetElapsedTime(started)));
    }
    /// <summary>What running <paramref name="stages"/> would do. Stages whose result depends on files outside the run are done, to know their keys.</summary>
    internal IReadOnlyList<StageForecast> Forecast(IEnumerable<Stage> stages)
    {
        var forecasts = new List<StageForecast>();
        foreach (var stage in stages)
        {
            _context.CancellationToken.ThrowIfCancellationRequested();
            if (!stage.IsReproducible)
            {
                Execute(stage, _context.Run.At(stage.Folder));
            }

            forecasts.Add(new StageForecast(stage.Name, stage.IsReproducible && FindFinished(stage) is not null, stage.Tokens, stage.Estimate(_context.Device)));
        }

        return forecasts;
    }

    /// <summary>Refuses stages that cannot fit, before the first of them costs time.</summary>
    /// <exception cref="Tensors.Errors.ResourceLimitException">One takes more memory than there is, and its result is not there yet.</exception>
    internal void RequireFit(IEnumerable<Stage> stages)
    {
        foreach (var stage in stages.Where(stage => !Directory.Exists(_context.Run.At(stage.Folder))))
        {
            if (stage.Estimate(_context.Device) is { } estimate && estimate.Peak > _context.Device.Memory.LimitInBytes && !MayBeTakenOver(stage))
            {
                MemoryLimit.Require(stage.Name, estimate, _context.Device.Memory.LimitInBytes);
            }
        }
    }

    // Whether it is cannot be told before its inputs are there.
    private bool MayBeTakenOver(Stage stage) =>
        _otherRuns is not null && Directory.Exists(_otherRuns) && Directory.GetDirectories(_otherRuns).Any(run => Directory.Exists(Path.Combine(run, stage.Folder)));

    private string? FindFinished(Stage stage)
    {
        if (_otherRuns is null || !stage.IsReproducible || !Directory.Exists(_otherRuns))
        {
            return null;
        }

        var key = KeyOf(stage);
        var own = _context.Run.At(stage.Folder);
        return Directory.GetDirectories(_otherRuns)
            .Order(StringComparer.Ordinal)
            .Select(run => Path.Combine(run, stage.Folder))
            .FirstOrDefault(other => !string.Equals(other, own, StringComparison.Ordinal) && Directory.Exists(other) && HasKey(other, key));
    }

    private bool TakeOver(Stage stage, string folder)
    {
        if (FindFinished(stage) is not { } source)
        {
            return false;
        }

        var partial = folder + AtomicFile.PartialSuffix;
        if (Directory.Exists(partial))
        {
            Directory.Delete(partial, recursive: true);
        }

        CopyFolder(source, partial);
        CopyMetrics(stage, Path.GetFullPath(Path.Combine(_otherRuns!, Path.GetRelativePath(_otherRuns!, source).Split(Path.DirectorySeparatorChar)[0])));
        Directory.Move(partial, folder);
        return true;
    }

    private void CopyMetrics(Stage stage, string otherRun)
    {
        _context.Metrics.Rewind(stage.Name, 0);
        foreach (var line in MetricsLog.Read(Path.Combine(otherRun, Path.GetFileName(_context.Run.MetricsFile))).Where(line => string.Equals(line.Stage, stage.Name, StringComparison.Ordinal)))
        {
            _context.Metrics.Append(line);
        }
    }

    private static void CopyFolder(string source, string destination)
    {
        Directory.CreateDirectory(destination);
        foreach (var file in Directory.GetFiles(source))
        {
            File.Copy(file, Path.Combine(destination, Path.GetFileName(file)));
        }

        foreach (var folder in Directory.GetDirectories(source))
        {
            CopyFolder(folder, Path.Combine(destination, Path.GetFileName(folder)));
        }
    }

    private void WriteKey(Stage stage, string folder)
    {
        AtomicFile.Write(Path.Combine(folder, KeyFile), stream =>
        {
            using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
            writer.WriteStartObject();
            writer.WriteString("stage", stage.Name);
            writer.WriteString("key", KeyOf(stage));
            writer.WriteString("parameters", stage.Parameters);
            writer.WriteStartArray("inputs");
            foreach (var input in stage.Inputs)
            {
                writer.WriteStringValue(input.Folder);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    // What was computed in another precision has other bits.
    private string KeyOf(Stage stage) => _context.Device.Precision == ProductPrecision.Float32
        ? stage.Key(_context.Run)
        : $"{stage.Key(_context.Run)} {_context.Device.Precision}";

    private static bool HasKey(string folder, string key) => string.Equals(ReadKey(folder), key, StringComparison.Ordinal);

    private static string? ReadKey(string folder)
    {
        var path = Path.Combine(folder, KeyFile);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.GetProperty("key").GetString();
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
