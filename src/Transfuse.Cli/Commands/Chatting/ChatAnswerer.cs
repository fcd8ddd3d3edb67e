using Transfuse.Errors;
using Transfuse.Generation;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tokenization;
using Transfuse.Tokenization.ChatTemplates;

namespace Transfuse.Cli.Commands.Chatting;

/// <summary>Writes the assistant's answer to a conversation.</summary>
internal sealed class ChatAnswerer(
    LanguageModel model, CpuDevice device, Tokenizer tokenizer, ChatTemplate template, IReadOnlyDictionary<string, string> specialTokens, GenerationOptions options, long seed)
{
    /// <summary>Answers.</summary>
    /// <param name="messages">The conversation, which ends with the user's message.</param>
    /// <param name="turn">Number of the answer; each draws from a stream of its own.</param>
    /// <param name="clock">Tells the time to templates that write the date.</param>
    /// <param name="write">Is given every new piece of the answer, or null.</param>
    /// <param name="cancellation">Checked before every token.</param>
    /// <returns>The answer, and whether it was cut since there was no room for more tokens.</returns>
    /// <exception cref="InputException">The conversation leaves the model no room.</exception>
    internal (string Text, bool IsCut) Answer(IEnumerable<ChatMessage> messages, int turn, TimeProvider clock, Action<string>? write, CancellationToken cancellation)
    {
        var rendering = new ChatTemplateOptions { AddGenerationPrompt = true, SpecialTokens = specialTokens, Clock = clock };
        var prompt = template.Render(messages, rendering, cancellation).Text;
        // The template writes the special tokens itself.
        var ids = tokenizer.Encode(prompt, addSpecialTokens: false).Ids;
        var room = ContextWindow.Of(model) - ids.Length;
        if (room <= 0 || ids.Length == 0)
        {
            throw new InputException("conversation", $"has {ids.Length} tokens, and the model's context is {ContextWindow.Of(model)}. Begin a new one, or shorten the message.");
        }

        new ScoredInput("conversation", ids, null, null, tokenizer).CheckFits("the model", model);
        var text = new GeneratedText(tokenizer, options.StopStrings, startsText: true, write);
        var random = new RandomStream(seed, $"chat/{turn}");
        var limited = options with { MaxNewTokens = Math.Min(options.MaxNewTokens, room) };
        var added = new TextGenerator(model, device, tokenizer).Generate([ids], limited, random, (_, id) => text.Add(id), cancellation)[0];
        text.Complete();
        var hasEnded = text.HasStopped || (added.Length > 0 && options.StopIds.Contains(added[^1]));
        return (text.ToString().Trim(), !hasEnded);
    }
}
