using System.Text.Json;
using System.Text.Json.Nodes;
using Transfuse.Models;
using Transfuse.Tokenization;
using Transfuse.Tokenization.ChatTemplates;

namespace Transfuse.Cli.Commands.Chatting;

/// <summary>The tokens that end an answer.</summary>
internal static class StopTokens
{
    // Ends of turns that configurations often forget to name as ends of text.
    private static readonly string[] TurnEnds = ["<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<turn|>", "<|end|>", "<|end_of_turn|>", "<|eot|>", "<|endofturn|>"];

    /// <summary>Ids from the configurations and the tokenizer, and the ends of turns that the template writes.</summary>
    internal static int[] Of(string folder, LanguageModel model, Tokenizer tokenizer, ChatTemplate template)
    {
        var ids = model.Config.EosIds.Concat(GenerationEnds(Path.Combine(folder, PretrainedModel.GenerationFileName)));
        ids = tokenizer.EosId is { } eos ? ids.Append(eos) : ids;
        foreach (var end in TurnEnds.Where(end => template.Text.Contains(end, StringComparison.Ordinal)))
        {
            ids = tokenizer.TokenId(end) is { } id ? ids.Append(id) : ids;
        }

        return [.. ids.Distinct()];
    }

    // A damaged file of defaults must not keep anyone from talking.
    private static IEnumerable<int> GenerationEnds(string path)
    {
        try
        {
            var node = File.Exists(path) ? (JsonNode.Parse(File.ReadAllText(path)) as JsonObject)?["eos_token_id"] : null;
            var values = node is JsonArray several ? several : node is null ? [] : new JsonArray(node.DeepClone());
            return [.. values.Where(value => value?.GetValueKind() == JsonValueKind.Number).Select(value => value!.GetValue<int>())];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or FormatException or InvalidOperationException)
        {
            return [];
        }
    }
}
