using System.Text;
using System.Text.Json;
using Transfuse.Errors;

namespace Transfuse.Pipeline;

/// <summary>
/// <c>metrics.jsonl</c>: one object per logged step, in the order of work; the one source of curves. It holds nothing that depends on the clock,
/// so an interrupted and resumed run writes the same bytes as an uninterrupted one.
/// </summary>
internal sealed class MetricsLog
{
    private readonly string _path;

    internal MetricsLog(string path)
    {
        _path = path;
    }

    /// <summary>Appends one object; every line is written whole.</summary>
    internal void Append(MetricsLine line)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            line.Write(writer);
        }

        buffer.WriteByte((byte)'\n');
        using var file = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        file.Write(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    /// <summary>Drops what was logged of <paramref name="stage"/> after <paramref name="step"/>, and a line that a kill cut short.</summary>
    internal void Rewind(string stage, int step)
    {
        if (!File.Exists(_path))
        {
            return;
        }

        var kept = new StringBuilder();
        var text = File.ReadAllText(_path);
        var whole = text[..(text.LastIndexOf('\n') + 1)];
        foreach (var line in whole.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (MetricsLine.Parse(line) is not { } metrics)
            {
                throw new ArtifactException(_path, $"holds a line that is no metrics object: {line}. Restore the file, or start a new run.");
            }

            if (string.Equals(metrics.Stage, stage, StringComparison.Ordinal) && metrics.Step > step)
            {
                break;
            }

            kept.Append(line).Append('\n');
        }

        if (kept.Length != text.Length)
        {
            Artifacts.AtomicFile.Write(_path, Encoding.UTF8.GetBytes(kept.ToString()));
        }
    }

    /// <summary>Every line, oldest first; empty before the first.</summary>
    internal static IReadOnlyList<MetricsLine> Read(string path) => !File.Exists(path)
        ? []
        : [.. File.ReadLines(path).Select(MetricsLine.Parse).OfType<MetricsLine>()];
}
