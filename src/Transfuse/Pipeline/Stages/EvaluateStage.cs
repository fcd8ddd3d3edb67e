using System.Text.Json;
using Transfuse.Artifacts;
using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Evaluation;
using Transfuse.Models;
using Transfuse.Recipes;
using Transfuse.Tensors.Devices;
using Transfuse.Tokenization;
using Transfuse.Training;

namespace Transfuse.Pipeline.Stages;

/// <summary>Bits per byte of every model of a run on every domain's test documents: <c>eval/results.json</c>.</summary>
internal sealed class EvaluateStage : Stage
{
    private const string ResultFile = "results.json";
    private const string Schema = "transfuse.results/1";
    private readonly CorpusStage _corpus;
    private readonly IReadOnlyList<ModelStage> _models;
    private readonly EvaluateSection _section;

    internal EvaluateStage(CorpusStage corpus, IReadOnlyList<ModelStage> models, EvaluateSection section)
    {
        _corpus = corpus;
        _models = models;
        _section = section;
    }

    internal override string Name => "evaluate";

    internal override string Folder => "eval";

    internal override IReadOnlyList<Stage> Inputs => [_corpus, .. _models];

    internal override string Parameters => _section.ToString();

    internal override MemoryEstimate Estimate(Device device)
    {
        var tokens = new BitsPerByteOptions().BatchTokens;
        var estimator = new MemoryEstimator(device);
        return _models.Select(model => estimator.OfScoring(rehearsal => model.Rehearse(rehearsal, WeightPrecision.Packed), tokens, _section.Window is > 0 and var window ? window : tokens))
            .Aggregate(MemoryEstimate.None, MemoryEstimate.Larger);
    }

    internal override void Run(StageContext context, string folder)
    {
        var corpus = _corpus.Open(context.Run);
        var total = _models.Count * corpus.Domains.Count;
        var rows = new List<DomainScores>();
        foreach (var stage in _models)
        {
            var tokenizer = TokenizerFile.Load(stage.ModelFolder(context.Run));
            using var model = PretrainedModel.Load(stage.ModelFolder(context.Run), context.Device, precision: WeightPrecision.Packed);
            var measure = new BitsPerByte(
                context.Device, model, tokenizer, new BitsPerByteOptions { Window = _section.Window ?? 0, Stride = _section.Stride ?? 0 });
            var scores = new List<KeyValuePair<string, double>>();
            foreach (var domain in corpus.Domains)
            {
                scores.Add(new(domain, measure.Measure(RunCorpus.Of(corpus.Test, domain), null, context.CancellationToken).BitsPerByte));
                context.Progress.Report(new ProgressEvent(Name, (rows.Count * corpus.Domains.Count) + scores.Count, total, "tables", stage.Model));
            }

            rows.Add(new DomainScores(stage.Model, model.ModelType, model.ParameterCount, scores));
        }

        AtomicFile.Write(Path.Combine(folder, ResultFile), stream => Write(stream, rows));
    }

    /// <summary>Whether a run has results.</summary>
    internal static bool IsDone(RunFolder run) => File.Exists(run.At("eval", ResultFile));

    /// <summary>Reads the results of a finished run.</summary>
    /// <exception cref="ArtifactException">There are none, or the file is damaged.</exception>
    internal static IReadOnlyList<DomainScores> Read(RunFolder run)
    {
        var path = run.At("eval", ResultFile);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return [.. document.RootElement.GetProperty("rows").EnumerateArray().Select(row => new DomainScores(
                row.GetProperty("name").GetString()!,
                row.GetProperty("model").GetString()!,
                row.GetProperty("parameters").GetInt64(),
                [.. row.GetProperty("bits_per_byte").EnumerateObject().Select(domain => KeyValuePair.Create(domain.Name, domain.Value.GetDouble()))]))];
        }
        catch (Exception exception) when (exception is IOException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ArtifactException(path, $"holds no results ({exception.Message}). Remove the folder 'eval' and resume the run.", exception);
        }
    }

    private static void Write(Stream stream, IReadOnlyList<DomainScores> rows)
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteString("schema", Schema);
        writer.WriteStartArray("rows");
        foreach (var row in rows)
        {
            writer.WriteStartObject();
            writer.WriteString("name", row.Name);
            writer.WriteString("model", row.ModelType);
            writer.WriteNumber("parameters", row.Parameters);
            writer.WriteStartObject("bits_per_byte");
            foreach (var (domain, value) in row.BitsPerByte)
            {
                writer.WriteNumber(domain, value);
            }

            writer.WriteEndObject();
            writer.WriteNumber("average", row.Average);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
