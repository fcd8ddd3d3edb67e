using System.Text.Json.Nodes;

namespace Transfuse.Tokenization.ChatTemplates;

/// <summary>What a chat template is rendered with besides the conversation.</summary>
public sealed record ChatTemplateOptions
{
    /// <summary>Whether to end with what begins an answer of the assistant (<c>add_generation_prompt</c>).</summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>Whether to end inside the last message, so that the model goes on with it. Its content must be text.</summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>Special tokens by the names that templates use: <c>bos_token</c>, <c>eos_token</c> …; empty texts count as given.</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Further variables, such as <c>enable_thinking</c>.</summary>
    public JsonObject? Variables { get; init; }

    /// <summary>
    /// Whether keys of messages whose value is null are left out, as <c>apply_chat_template</c> of transformers 5 does; version 4 gives them
    /// to the template.
    /// </summary>
    public bool DropNullKeys { get; init; }

    /// <summary>Tells the time to templates that write the date.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How much the template may do.</summary>
    public ChatTemplateLimits Limits { get; init; } = new();
}
