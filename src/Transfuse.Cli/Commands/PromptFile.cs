using System.Text.Json;
using Transfuse.Cli.Hosting;
using Transfuse.Errors;

namespace Transfuse.Cli.Commands;

/// <summary>A file of prompts: JSON Lines, a line being a string or an object with the member <c>prompt</c>.</summary>
internal static class PromptFile
{
    /// <summary>The prompts in order, with their names for messages; blank lines do not count.</summary>
    /// <exception cref="InputException">The file cannot be read, holds no prompt, or a line is something else.</exception>
    internal static IReadOnlyList<(string Name, string Prompt)> Read(ToolContext context, string file)
    {
        var lines = context.ReadText(file).ReplaceLineEndings("\n").Split('\n');
        var prompts = new List<(string Name, string Prompt)>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (!string.IsNullOrWhiteSpace(lines[i]))
            {
                prompts.Add(($"{file}, line {i + 1}", Parse(file, i + 1, lines[i])));
            }
        }

        return prompts.Count > 0 ? prompts : throw new InputException(file, "holds no prompt. Write one a line, such as {\"prompt\": \"The method returns\"}.");
    }

    private static string Parse(string file, int number, string line)
    {
        const string Expected = "expected a JSON string or an object such as {\"prompt\": \"The method returns\"}";
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            var value = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("prompt", out var member) ? member : root;
            return value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw new InputException(file, $"line {number} holds a JSON {value.ValueKind}, {Expected}.");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InputException(file, $"line {number} is no JSON: {exception.Message} It was {Expected}.", exception);
        }
    }
}
