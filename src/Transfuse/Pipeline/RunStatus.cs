using System.Globalization;
using System.Text.Json;
using Transfuse.Artifacts;

namespace Transfuse.Pipeline;

/// <summary><c>status.json</c>: where a run stands, replaced whole at every change.</summary>
/// <param name="State">State of the run.</param>
/// <param name="Stage">The stage at work, or the last one.</param>
/// <param name="Time">When this was written, UTC.</param>
/// <param name="ProcessId">The process that works on it.</param>
public sealed record RunStatus(RunState State, string Stage, DateTimeOffset Time, int ProcessId)
{
    /// <summary>Writes the status of <paramref name="run"/>.</summary>
    internal static void Write(RunFolder run, RunState state, string stage, TimeProvider time)
    {
        AtomicFile.Write(run.StatusFile, stream =>
        {
            using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
            writer.WriteStartObject();
            writer.WriteString("state", state.ToString().ToLowerInvariant());
            writer.WriteString("stage", stage);
            writer.WriteString("time", time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
            writer.WriteNumber("process", Environment.ProcessId);
            writer.WriteEndObject();
        });
    }

    /// <summary>Reads the status of <paramref name="run"/>; null where there is none or it cannot be read.</summary>
    public static RunStatus? Read(RunFolder run)
    {
        ArgumentNullException.ThrowIfNull(run);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(run.StatusFile));
            var root = document.RootElement;
            return new RunStatus(
                Enum.Parse<RunState>(root.GetProperty("state").GetString() ?? "", ignoreCase: true),
                root.GetProperty("stage").GetString() ?? "",
                root.GetProperty("time").GetDateTimeOffset(),
                root.GetProperty("process").GetInt32());
        }
        catch (Exception exception) when (exception is IOException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            return null;
        }
    }
}
