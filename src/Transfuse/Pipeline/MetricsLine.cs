using System.Text.Json;

namespace Transfuse.Pipeline;

/// <summary>One line of <c>metrics.jsonl</c>.</summary>
/// <param name="Stage">Stage of the run, for example <c>train target/fused</c>.</param>
/// <param name="Step">Optimiser step, from 1.</param>
/// <param name="Values">Values by name: <c>loss</c>, <c>label_loss</c>, <c>teacher_loss</c> (nats per token), <c>learning_rate</c>, <c>gradient_norm</c>,
/// <c>tokens</c>, <c>validation_bits_per_byte</c>.</param>
internal sealed record MetricsLine(string Stage, int Step, IReadOnlyList<KeyValuePair<string, double>> Values)
{
    /// <summary>A value by name, or null.</summary>
    internal double? this[string name]
    {
        get
        {
            foreach (var (key, value) in Values)
            {
                if (string.Equals(key, name, StringComparison.Ordinal))
                {
                    return value;
                }
            }

            return null;
        }
    }

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("stage", Stage);
        writer.WriteNumber("step", Step);
        foreach (var (name, value) in Values)
        {
            writer.WriteNumber(name, value);
        }

        writer.WriteEndObject();
    }

    /// <summary>Reads a line; null if it is none.</summary>
    internal static MetricsLine? Parse(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            var values = root.EnumerateObject()
                .Where(property => property.Value.ValueKind == JsonValueKind.Number && !property.NameEquals("step"u8))
                .Select(property => KeyValuePair.Create(property.Name, property.Value.GetDouble()));
            return new MetricsLine(root.GetProperty("stage").GetString() ?? "", root.GetProperty("step").GetInt32(), [.. values]);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
