using System.Text.Json;
using System.Text.Json.Nodes;
using Transfuse.Errors;

namespace Transfuse.Tokenization.ChatTemplates;

/// <summary>Makes messages ready for a template.</summary>
internal static class ChatMessages
{
    private static readonly string[] ReasoningKeys = ["reasoning_content", "thinking", "reasoning"];

    /// <summary>A copy in which thoughts stand under every name that templates look for, and keys without value are left out if so wanted.</summary>
    internal static JsonArray Prepare(JsonArray messages, bool dropsNullKeys)
    {
        var prepared = new JsonArray();
        foreach (var message in messages)
        {
            prepared.Add(message is JsonObject entries ? Prepare(entries, dropsNullKeys) : message?.DeepClone());
        }

        return prepared;
    }

    /// <summary>Appends to the content of the last message: to its text, or to its last part that is text.</summary>
    internal static void AppendToLast(JsonArray messages, string suffix)
    {
        if (messages.Count > 0 && messages[^1] is JsonObject last)
        {
            if (Text(last, "content") is { } content)
            {
                last["content"] = content + suffix;
                return;
            }

            var part = (last["content"] as JsonArray)?.LastOrDefault(item => item is JsonObject entries && Text(entries, "text") is not null);
            if (part is not null)
            {
                part["text"] = Text(part.AsObject(), "text") + suffix;
                return;
            }
        }

        throw new InputException("messages", "the last message has no text that could be continued.");
    }

    private static JsonObject Prepare(JsonObject message, bool dropsNullKeys)
    {
        var prepared = new JsonObject();
        foreach (var (key, value) in message)
        {
            if (value is not null || !dropsNullKeys)
            {
                prepared[key] = value?.DeepClone();
            }
        }

        if (ReasoningKeys.Select(key => prepared[key]).FirstOrDefault(value => value is not null) is { } reasoning)
        {
            foreach (var key in ReasoningKeys.AsSpan(0, 2))
            {
                if (prepared[key] is null)
                {
                    prepared[key] = reasoning.DeepClone();
                }
            }
        }

        return prepared;
    }

    private static string? Text(JsonObject entries, string key) => entries[key] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}
