using Transfuse.Checkpoints;
using Transfuse.Tokenization;
using Transfuse.Tokenization.ChatTemplates;

namespace Transfuse.Cli.Commands;

/// <summary>The tokens that end a text or an answer.</summary>
internal static class StopTokens
{
    // Ends of turns that configurations often forget to name as ends of text.
    private static readonly string[] TurnEnds = ["<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<turn|>", "<|end|>", "<|end_of_turn|>", "<|eot|>", "<|endofturn|>"];

    /// <summary>Ids from the configurations and the tokenizer, and, in a chat, the ends of turns that its template writes.</summary>
    internal static int[] Of(string folder, ModelConfig config, Tokenizer tokenizer, ChatTemplate? template = null)
    {
        var ids = config.EosIds.Concat(GenerationConfig.Load(folder).EosIds);
        ids = tokenizer.EosId is { } eos ? ids.Append(eos) : ids;
        foreach (var end in TurnEnds.Where(end => template?.Text.Contains(end, StringComparison.Ordinal) == true))
        {
            ids = tokenizer.TokenId(end) is { } id ? ids.Append(id) : ids;
        }

        return [.. ids.Distinct()];
    }
}
