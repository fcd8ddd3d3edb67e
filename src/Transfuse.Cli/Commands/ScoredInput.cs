using System.Text.Json;
using Transfuse.Cli.Hosting;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tokenization;

namespace Transfuse.Cli.Commands;

/// <summary>What <c>score</c> reads: ids, and, unless the ids were given, the text that they are of.</summary>
/// <param name="Name">What the input is called in messages.</param>
/// <param name="Ids">Token ids.</param>
/// <param name="Text">UTF-8 bytes of the text, or null.</param>
/// <param name="Spans">Byte span of each token, or null.</param>
/// <param name="Tokenizer">The tokenizer, or null.</param>
internal sealed record ScoredInput(string Name, int[] Ids, byte[]? Text, ByteSpan[]? Spans, Tokenizer? Tokenizer)
{
    /// <summary>The tokens of a text.</summary>
    internal static ScoredInput OfText(string name, string text, string modelFolder, bool addSpecialTokens)
    {
        var tokenizer = TokenizerFile.Load(modelFolder);
        var encoding = tokenizer.Encode(text, addSpecialTokens);
        return new ScoredInput(name, encoding.Ids, System.Text.Encoding.UTF8.GetBytes(text), encoding.Spans, tokenizer);
    }

    /// <summary>The ids of a file that holds a JSON list of whole numbers.</summary>
    /// <exception cref="InputException">The file holds something else.</exception>
    internal static ScoredInput OfIds(ToolContext context, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(context.ReadText(file));
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                throw new InputException(file, $"holds a JSON {document.RootElement.ValueKind}, expected a list of token ids such as [1, 5, 9].");
            }

            int[] ids = [.. document.RootElement.EnumerateArray().Select((item, index) => ReadId(file, item, index))];
            return ids.Length > 0
                ? new ScoredInput(file, ids, null, null, null)
                : throw new InputException(file, "holds an empty list, expected token ids such as [1, 5, 9].");
        }
        catch (JsonException exception)
        {
            throw new InputException(file, $"is no JSON list of token ids: {exception.Message}", exception);
        }
    }

    /// <summary>Checks that the model can read the ids.</summary>
    /// <exception cref="InputException">An id is outside the vocabulary, or there are more tokens than the context has positions.</exception>
    internal void CheckFits(string modelPath, LanguageModel model)
    {
        var outside = Array.FindIndex(Ids, id => id < 0 || id >= model.VocabularySize);
        if (outside >= 0 && Tokenizer is null)
        {
            throw new InputException(Name, $"token {outside} is {Ids[outside]}, but the model's vocabulary has the ids 0 to {model.VocabularySize - 1}.");
        }

        if (outside >= 0)
        {
            throw new InputException(
                modelPath,
                $"its tokenizer gives the id {Ids[outside]}, but the model's vocabulary has the ids 0 to {model.VocabularySize - 1}. The tokenizer is of another model.");
        }

        if (!model.Config.HasOpenWindow && Ids.Length > ContextWindow.Of(model))
        {
            throw new InputException(
                Name, $"has {Ids.Length} tokens, the model's context is {ContextWindow.Of(model)}. Shorten it, or measure it in windows with 'transfuse eval'.");
        }
    }

    /// <summary>The text of a token; for one without text, such as BOS, the vocabulary's string. Null where only ids are known.</summary>
    internal string? TextOf(int index)
    {
        if (Text is null || Spans is null)
        {
            return null;
        }

        var span = Spans[index];
        return span.Length > 0 ? System.Text.Encoding.UTF8.GetString(Text, span.Start, span.Length) : Tokenizer?.TokenString(Ids[index]) ?? string.Empty;
    }

    private static int ReadId(string file, JsonElement item, int index) =>
        item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var id)
            ? id
            : throw new InputException(file, $"item {index} is {Shorten(item.GetRawText())}, expected a token id.");

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
