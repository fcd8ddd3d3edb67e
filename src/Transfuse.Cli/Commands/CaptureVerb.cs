using System.CommandLine;
using System.Text.Json.Nodes;
using Transfuse.Artifacts;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Corpora;
using Transfuse.Distributions;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tokenization;

namespace Transfuse.Cli.Commands;

/// <summary><c>capture</c>: stores what a model expects after every token of texts.</summary>
internal sealed class CaptureVerb : Verb
{
    private readonly Argument<string> _model = new("model") { Description = "Model folder." };

    private readonly Option<string[]> _corpus = new("--corpus")
    {
        Description = "Text files, JSON lines or patterns.",
        HelpName = "file",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string> _field = new("--field") { Description = "Member of JSON lines that holds the text.", HelpName = "name", DefaultValueFactory = _ => "text" };
    private readonly Option<int> _topK = new("--top-k") { Description = "Most tokens kept per position.", HelpName = "k", DefaultValueFactory = _ => 10 };
    private readonly Option<double> _topP = new("--top-p") { Description = "Mass after which no further token is kept.", HelpName = "p", DefaultValueFactory = _ => 1 };
    private readonly Option<string> _out = new("--out") { Description = "Folder of the store. One that an interrupted capture left is continued.", HelpName = "dir", Required = true };

    internal CaptureVerb()
        : base(
            "capture",
            "Runs a model over texts and stores its most probable next tokens with their log-probabilities.",
            "transfuse capture models/a --corpus data/mixed.jsonl --out stores/a")
    {
        Add(_model);
        foreach (var option in new Option[] { _corpus, _field, _topK, _topP, _out })
        {
            Add(option);
        }

        _topK.Validators.Add(result => RefuseOutside(result, result.GetValueOrDefault<int>(), 1, DistributionStoreOptions.LargestTopK));
        _topP.Validators.Add(result => RefuseOutside(result, result.GetValueOrDefault<double>(), double.Epsilon, 1));
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var folder = context.Resolve(context.Arguments.GetRequiredValue(_model));
        var output = context.Resolve(context.Arguments.GetRequiredValue(_out));
        var documents = CorpusReader.Read(
            new CorpusSource
            {
                Paths = context.Arguments.GetRequiredValue(_corpus),
                BaseFolder = context.Settings.Folder,
                TextField = context.Arguments.GetRequiredValue(_field),
            },
            cancellation).ToList();
        var tokenizer = TokenizerFile.Load(folder);
        using var device = new CpuDevice(threads: context.Settings.Threads);
        using var model = PretrainedModel.Load(folder, device);
        var options = new DistributionStoreOptions
        {
            ModelHash = ContentHash.OfText(string.Concat(Directory.GetFiles(folder, "*.safetensors").Order(StringComparer.Ordinal).Select(ContentHash.OfFile))),
            TokenizerHash = tokenizer.ContentHash,
            CorpusHash = ContentHash.OfText(string.Concat(documents.Select(document => ContentHash.OfText(document.Id + "\n" + document.Text)))),
            VocabularySize = model.VocabularySize,
            TopK = Math.Min(context.Arguments.GetValue(_topK), model.VocabularySize),
            KeptMass = context.Arguments.GetValue(_topP),
            CreatedBy = $"transfuse {CommandLineTool.Version}",
        };
        using var store = DistributionStoreWriter.Open(output, options);
        context.Output.WithProgress(progress =>
        {
            new DistributionCapture(device, model, tokenizer, new DistributionCaptureOptions { TotalDocuments = documents.Count }).Run(documents, store, progress, cancellation);
            store.Complete();
            return true;
        });
        Report(context, output, store);
        return ExitCodes.Done;
    }

    private static void Report(ToolContext context, string output, DistributionStoreWriter store)
    {
        var bytesPerToken = store.TokenCount > 0 ? (double)store.ByteCount / store.TokenCount : 0;
        context.Output.Result(
            "transfuse.capture/1",
            () => new JsonObject
            {
                ["store"] = output,
                ["documents"] = store.DocumentIds.Count,
                ["tokens"] = store.TokenCount,
                ["bytes"] = store.ByteCount,
                ["bytes_per_token"] = bytesPerToken,
            },
            () => context.Output.Line(FormattableString.Invariant(
                $"{output}  {ProgressText.Number(store.DocumentIds.Count)} documents, {ProgressText.Number(store.TokenCount)} tokens, {ProgressText.Bytes(store.ByteCount)}, {bytesPerToken:F1} bytes a token")),
            output);
    }

    private static void RefuseOutside(System.CommandLine.Parsing.OptionResult result, double value, double minimum, double maximum)
    {
        if (!(value >= minimum && value <= maximum))
        {
            result.AddError(FormattableString.Invariant($"{result.Option.Name} must be from {minimum:0.###} to {maximum}, found {value}."));
        }
    }
}
