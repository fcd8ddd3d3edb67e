using System.CommandLine;
using System.Text.Json;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Errors;
using Transfuse.Generation;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tokenization;

namespace Transfuse.Cli.Commands;

/// <summary><c>generate</c>: lets a model continue a text.</summary>
internal sealed class GenerateVerb : Verb
{
    private const int DefaultTokens = 128;
    private readonly Argument<string> _model = new("model") { Description = "Model folder, or name on the hub." };
    private readonly Argument<string> _prompt = new("prompt") { Description = "The text to continue." };
    private readonly Option<int?> _tokens = NumberOption.Whole("--tokens", $"Most tokens to add; otherwise {DefaultTokens}. A token that ends the text ends it earlier.", "n", 1);
    private readonly Option<bool> _greedy = new("--greedy") { Description = "Always take the most probable token; so it is if no option of chance is given." };
    private readonly Option<double?> _temperature = NumberOption.Real("--temperature", "Draw tokens; below 1 closer to the most probable, above 1 more freely, 0 is greedy.", "t", 0);
    private readonly Option<int?> _topK = NumberOption.Whole("--top-k", "Draw among the k most probable tokens.", "k", 1);
    private readonly Option<double?> _topP = NumberOption.Share("--top-p", "Draw among the fewest most probable tokens whose probabilities reach this sum.", "p");

    internal GenerateVerb()
        : base(
            "generate",
            "Lets a model continue a text, token by token.",
            "transfuse generate models/a \"The method returns\"",
            "transfuse generate models/a \"The method returns\" --temperature 0.8 --top-p 0.95 --seed 7 --tokens 40")
    {
        Add(_model);
        Add(_prompt);
        foreach (var option in new Option[] { _tokens, _greedy, _temperature, _topK, _topP })
        {
            Add(option);
        }
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var path = context.Arguments.GetRequiredValue(_model);
        var prompt = context.Arguments.GetRequiredValue(_prompt);
        var options = ReadOptions(context);
        var folder = context.ResolveModel(path, cancellation);
        var tokenizer = TokenizerFile.Load(folder);
        using var device = new CpuDevice(threads: context.Settings.Threads);
        using var model = PretrainedModel.Load(folder, device);
        var ids = PromptIds(tokenizer, prompt);
        new ScoredInput("prompt", ids, null, null, tokenizer).CheckFits(path, model);
        options = options with { MaxNewTokens = RoomFor(context, options.MaxNewTokens, ids.Length, model), StopIds = StopIds(model, tokenizer) };
        var text = new GeneratedText(tokenizer, context.Output.Mode == OutputMode.Human ? context.Output.Raw : null);
        var random = new RandomStream(context.Settings.Seed ?? 0, "generate");
        var added = new TextGenerator(model, device).Generate([ids], options, random, (_, id) => text.Add(id), cancellation)[0];
        text.Complete();
        context.Output.Result("transfuse.generate/1", json => WriteJson(json, prompt, text.ToString(), added), () => context.Output.Line(), text.ToString());
        return ExitCodes.Done;
    }

    private GenerationOptions ReadOptions(ToolContext context)
    {
        var temperature = context.Arguments.GetValue(_temperature);
        var topK = context.Arguments.GetValue(_topK);
        var topP = context.Arguments.GetValue(_topP);
        var draws = temperature is not null || topK is not null || topP is not null;
        if (context.Arguments.GetValue(_greedy) && draws)
        {
            throw new UsageException("--greedy draws nothing, so it takes no --temperature, --top-k or --top-p");
        }

        return new GenerationOptions
        {
            MaxNewTokens = context.Arguments.GetValue(_tokens) ?? DefaultTokens,
            Temperature = temperature ?? (draws ? 1 : 0),
            TopK = topK ?? 0,
            TopP = topP ?? 1,
        };
    }

    // A tokenizer may also end every text with EOS; a text to be continued has no end.
    private static int[] PromptIds(Tokenizer tokenizer, string prompt)
    {
        var encoding = tokenizer.Encode(prompt);
        var length = encoding.Count;
        while (length > 1 && encoding.Ids[length - 1] == tokenizer.EosId && encoding.Spans[length - 1].Length == 0)
        {
            length--;
        }

        if (length > 0)
        {
            return encoding.Ids[..length];
        }

        return (tokenizer.BosId ?? tokenizer.EosId) is { } start
            ? [start]
            : throw new UsageException("the prompt is empty, and the tokenizer has no token that begins a text");
    }

    private int RoomFor(ToolContext context, int wanted, int promptTokens, LanguageModel model)
    {
        var contextSize = ContextWindow.Of(model);
        var room = contextSize - promptTokens;
        if (room <= 0)
        {
            throw new InputException("prompt", $"has {promptTokens} tokens and fills the model's context of {contextSize}. Shorten it.");
        }

        if (wanted > room && context.Arguments.GetValue(_tokens) is not null)
        {
            context.Output.Warn($"the model's context of {contextSize} tokens has room for {room} after the prompt's {promptTokens}; no more are generated.");
        }

        return Math.Min(wanted, room);
    }

    private static int[] StopIds(LanguageModel model, Tokenizer tokenizer) =>
        [.. model.Config.EosIds.Concat(tokenizer.EosId is { } id ? [id] : []).Distinct()];

    private static void WriteJson(Utf8JsonWriter json, string prompt, string text, int[] ids)
    {
        json.WriteString("prompt", prompt);
        json.WriteString("text", text);
        json.WriteStartArray("ids");
        foreach (var id in ids)
        {
            json.WriteNumberValue(id);
        }

        json.WriteEndArray();
    }
}
