using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Errors;
using Transfuse.Generation;
using Transfuse.Tensors.Random;

namespace Transfuse.Cli.Commands;

/// <summary><c>generate</c>: lets a model continue a text, or, if it has an encoder, write one for it.</summary>
internal sealed class GenerateVerb : Verb
{
    private static readonly JsonSerializerOptions LineForm = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Argument<string> _model = new("model") { Description = "Model folder, .gguf file, or name on the hub." };
    private readonly Argument<string?> _prompt = new("prompt") { Description = "The text to continue, or that a T5 reads.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _file = new("--file") { Description = "In place of a prompt, a file with many: one JSON string or {\"prompt\": …} a line.", HelpName = "file" };
    private readonly SamplingFlags _sampling = new(defaultTokens: 128, defaultTemperature: 0);
    private readonly AdapterFlag _adapter = new();

    internal GenerateVerb()
        : base(
            "generate",
            "Lets a model continue a text, token by token.",
            "transfuse generate models/a \"The method returns\"",
            "transfuse generate models/a \"The method returns\" --temperature 0.8 --top-p 0.95 --seed 7 --tokens 40",
            "transfuse generate models/t5 \"translate English to German: The house is small.\" --beams 4",
            "transfuse generate models/a --file prompts.jsonl --stop \"###\" --json")
    {
        Add(_model);
        Add(_prompt);
        Add(_file);
        _sampling.AddTo(this);
        _adapter.AddTo(this);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var path = context.Arguments.GetRequiredValue(_model);
        var options = _sampling.Read(context);
        var file = context.Arguments.GetValue(_file);
        var prompts = Prompts(context, file);
        using var device = context.CreateDevice();
        using var model = new GenerationModel(path, context.ResolveModel(path, cancellation), device, _adapter.Read(context, cancellation));
        int[][] ids = [.. prompts.Select(prompt => model.Encode(prompt.Name, prompt.Prompt))];
        options = options with { MaxNewTokens = RoomFor(context, options.MaxNewTokens, prompts, ids, model), StopIds = model.StopIds };
        var streams = file is null && context.Output.Mode == OutputMode.Human;
        var texts = Array.ConvertAll(
            ids, _ => new GeneratedText(model.Tokenizer, options.StopStrings, model.StartsText, streams ? context.Output.Raw : null));
        var random = new RandomStream(context.Settings.Seed ?? 0, "generate");
        var added = model.Generator.Generate(ids, options, random, (sequence, id) => texts[sequence].Add(id), cancellation);
        Array.ForEach(texts, text => text.Complete());
        if (file is null)
        {
            context.Output.Result(
                "transfuse.generate/1", json => WriteMembers(json, prompts[0].Prompt, texts[0], added[0]), () => context.Output.Line(), texts[0].ToString());
        }
        else
        {
            WriteAll(context, prompts, texts, added);
        }

        return ExitCodes.Done;
    }

    private IReadOnlyList<(string Name, string Prompt)> Prompts(ToolContext context, string? file)
    {
        var prompt = context.Arguments.GetValue(_prompt);
        if ((prompt is null) == (file is null))
        {
            throw new UsageException("exactly one of a prompt and --file is needed", "See 'transfuse generate --help'.");
        }

        return file is null ? [("prompt", prompt!)] : PromptFile.Read(context, file);
    }

    private int RoomFor(
        ToolContext context, int wanted, IReadOnlyList<(string Name, string Prompt)> prompts, int[][] ids, GenerationModel model)
    {
        if (model.Context is not { } contextSize)
        {
            return wanted;
        }

        var longest = Enumerable.Range(0, ids.Length).MaxBy(prompt => ids[prompt].Length);
        var room = contextSize - ids[longest].Length;
        if (room <= 0)
        {
            throw new InputException(prompts[longest].Name, $"has {ids[longest].Length} tokens and fills the model's context of {contextSize}. Shorten it.");
        }

        if (wanted > room && _sampling.NamesTokens(context))
        {
            context.Output.Warn(
                $"the model's context of {contextSize} tokens has room for {room} after the {ids[longest].Length} of {(ids.Length == 1 ? "the prompt" : "the longest prompt")}; no more are generated.");
        }

        return Math.Min(wanted, room);
    }

    // One object with all results, or, for people and pipes, a line of JSON for each prompt, as they came in.
    private static void WriteAll(ToolContext context, IReadOnlyList<(string Name, string Prompt)> prompts, GeneratedText[] texts, IReadOnlyList<int[]> added)
    {
        string[] lines = [.. prompts.Zip(texts, (prompt, text) => JsonSerializer.Serialize(new { prompt = prompt.Prompt, text = text.ToString() }, LineForm))];
        context.Output.Result(
            "transfuse.generate/1",
            json =>
            {
                json.WriteStartArray("results");
                for (var i = 0; i < texts.Length; i++)
                {
                    json.WriteStartObject();
                    WriteMembers(json, prompts[i].Prompt, texts[i], added[i]);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            },
            () => Array.ForEach(lines, context.Output.Line),
            string.Join(Environment.NewLine, lines));
    }

    private static void WriteMembers(Utf8JsonWriter json, string prompt, GeneratedText text, int[] ids)
    {
        json.WriteString("prompt", prompt);
        json.WriteString("text", text.ToString());
        json.WriteStartArray("ids");
        foreach (var id in ids)
        {
            json.WriteNumberValue(id);
        }

        json.WriteEndArray();
    }
}
