using System.Text.Json.Nodes;
using Transfuse.Cli.Output;

namespace Transfuse.Cli.Commands.Inspection;

/// <summary>What <c>inspect</c> tells of a thing.</summary>
/// <param name="Kind">Stable word for what it is: <c>checkpoint</c>, <c>adapter</c>, <c>gguf</c>, <c>safetensors</c>, <c>tokenizer</c>, <c>distributions</c>, <c>corpus</c>, <c>run</c>.</param>
internal sealed record Card(string Kind)
{
    private readonly List<(string Label, string Text)> _lines = [];

    /// <summary>What the card holds, for programs.</summary>
    internal JsonObject Json { get; } = [];

    /// <summary>A table below the lines, or null.</summary>
    internal TextTable? Table { get; init; }

    /// <summary>Labels and texts, for people.</summary>
    internal IReadOnlyList<(string Label, string Text)> Lines => _lines;

    /// <summary>Adds a line for people.</summary>
    internal Card Line(string label, string text)
    {
        _lines.Add((label, text));
        return this;
    }

    /// <summary>Adds a fact for people and for programs.</summary>
    internal Card Fact(string label, string key, string? text)
    {
        Json[key] = text;
        return text is null ? this : Line(label, text);
    }

    /// <summary>Adds a count for people and for programs.</summary>
    internal Card Count(string label, string key, long value)
    {
        Json[key] = value;
        return Line(label, ProgressText.Number(value));
    }

    /// <summary>Adds a number of bytes for people and for programs.</summary>
    internal Card Bytes(string label, string key, long value)
    {
        Json[key] = value;
        return Line(label, ProgressText.Bytes(value));
    }
}
