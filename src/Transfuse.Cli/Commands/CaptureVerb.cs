using System.CommandLine;
using System.Text.Json.Nodes;
using Transfuse.Artifacts;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Corpora;
using Transfuse.Distributions;
using Transfuse.Models;
using Transfuse.Tokenization;

namespace Transfuse.Cli.Commands;

/// <summary><c>capture</c>: stores what a model expects after every token of texts.</summary>
internal sealed class CaptureVerb : Verb
{
    private readonly Argument<string> _model = new("model") { Description = "Model folder, or name on the hub." };

    private readonly Option<string[]> _corpus = new("--corpus")
    {
        Description = "Text files, JSON lines or patterns.",
        HelpName = "file",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string> _field = new("--field") { Description = "Member of JSON lines that holds the text.", HelpName = "name", DefaultValueFactory = _ => "text" };
    private readonly Option<int?> _topK = NumberOption.Whole("--top-k", "Most tokens kept per position.", "k", 1, DistributionStoreOptions.LargestTopK, byDefault: 10);
    private readonly Option<double?> _topP = NumberOption.Share("--top-p", "Mass after which no further token is kept.", "p", byDefault: 1);
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
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var folder = context.ResolveModel(context.Arguments.GetRequiredValue(_model), cancellation);
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
        using var device = context.CreateDevice();
        using var model = PretrainedModel.Load(folder, device, precision: WeightPrecision.Packed);
        var options = new DistributionStoreOptions
        {
            ModelHash = ContentHash.OfText(string.Concat(WeightFiles(folder).Order(StringComparer.Ordinal).Select(ContentHash.OfFile))),
            TokenizerHash = tokenizer.ContentHash,
            CorpusHash = ContentHash.OfText(string.Concat(documents.Select(document => ContentHash.OfText(document.Id + "\n" + document.Text)))),
            VocabularySize = model.VocabularySize,
            TopK = Math.Min(context.Arguments.GetRequiredValue(_topK)!.Value, model.VocabularySize),
            KeptMass = context.Arguments.GetRequiredValue(_topP)!.Value,
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

    private static IEnumerable<string> WeightFiles(string path) =>
        GgufCheckpoint.FindFile(path) is { } gguf ? [gguf] : Directory.GetFiles(path, "*.safetensors");

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
}
