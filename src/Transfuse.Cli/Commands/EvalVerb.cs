using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Corpora;
using Transfuse.Evaluation;
using Transfuse.Tokenization;

namespace Transfuse.Cli.Commands;

/// <summary><c>eval</c>: bits per byte of a model on texts.</summary>
internal sealed class EvalVerb : Verb
{
    private readonly Argument<string> _model = new("model") { Description = "Model folder, .gguf file, or name on the hub." };

    private readonly Option<string[]> _corpus = new("--corpus")
    {
        Description = "Text files, JSON lines, patterns or folders.",
        HelpName = "file",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string> _field = new("--field") { Description = "Member of JSON lines that holds the text.", HelpName = "name", DefaultValueFactory = _ => "text" };
    private readonly Option<int> _window = new("--window") { Description = "Tokens that the model sees at once; 0 is its context.", HelpName = "n" };
    private readonly Option<int> _stride = new("--stride") { Description = "Tokens that the window moves on; 0 is half the window.", HelpName = "n" };
    private readonly Option<double?> _max = new("--max") { Description = "Exit with 5 if the bits per byte are above this.", HelpName = "bits" };
    private readonly AdapterFlag _adapter = new();

    internal EvalVerb()
        : base(
            "eval",
            "Measures a model on texts by rolling windows, in bits per byte: comparable between models of any vocabulary.",
            "transfuse eval models/a --corpus data/test.jsonl",
            "transfuse eval models/a --corpus 'texts/*.txt' --max 1.2 --json")
    {
        foreach (var option in new Option[] { _corpus, _field, _window, _stride, _max })
        {
            Add(option);
        }

        _adapter.AddTo(this);
        Add(_model);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var folder = context.Arguments.GetRequiredValue(_model);
        var source = new CorpusSource
        {
            Paths = context.Arguments.GetRequiredValue(_corpus),
            BaseFolder = context.Settings.Folder,
            TextField = context.Arguments.GetRequiredValue(_field),
        };
        var documents = CorpusReader.Read(source, cancellation).ToList();
        var path = context.ResolveModel(folder, cancellation);
        var tokenizer = TokenizerFile.Load(path);
        using var device = context.CreateDevice();
        using var model = _adapter.Load(context, path, device, cancellation);
        var options = new BitsPerByteOptions { Window = context.Arguments.GetValue(_window), Stride = context.Arguments.GetValue(_stride) };
        var result = context.Output.WithProgress(progress => new BitsPerByte(device, model, tokenizer, options).Measure(documents, progress, cancellation));
        if (result.Bytes == 0)
        {
            throw new Transfuse.Errors.CorpusException(string.Join(' ', source.Paths), "holds no text. Name files with text in them.");
        }

        context.Output.Result("transfuse.eval/1", () => ToJson(folder, documents.Count, result), () => Write(context, result), Bits(result.BitsPerByte));
        return context.Arguments.GetValue(_max) is { } max && result.BitsPerByte > max
            ? throw new Transfuse.Errors.CheckFailedException($"{folder} needs {Bits(result.BitsPerByte)} bits per byte, more than the {Bits(max)} of --max.")
            : ExitCodes.Done;
    }

    private static string Bits(double value) => value.ToString("F4", CultureInfo.InvariantCulture);

    private static void Write(ToolContext context, BitsPerByteResult result)
    {
        context.Output.Line($"bits per byte      {Bits(result.BitsPerByte)}");
        context.Output.Line($"token perplexity   {Bits(result.TokenPerplexity)}");
        context.Output.Line(string.Create(CultureInfo.InvariantCulture, $"bytes, tokens      {result.Bytes:N0}, {result.Tokens:N0}"));
    }

    private static JsonObject ToJson(string model, int documents, BitsPerByteResult result) => new()
    {
        ["model"] = model,
        ["documents"] = documents,
        ["bytes"] = result.Bytes,
        ["tokens"] = result.Tokens,
        ["nats"] = result.Nats,
        ["bits_per_byte"] = result.BitsPerByte,
        ["token_perplexity"] = result.TokenPerplexity,
    };
}
