using System.Globalization;
using Transfuse.Distributions;
using Transfuse.Models;
using Transfuse.Recipes;
using Transfuse.Tensors.Devices;
using Transfuse.Tokenization;
using Transfuse.Training;

namespace Transfuse.Pipeline.Stages;

/// <summary>Stores what a source expects after every token of the texts on which the models meet.</summary>
internal sealed class CaptureStage : Stage
{
    private readonly CorpusStage _corpus;
    private readonly ModelStage _model;
    private readonly DistributionsSection _section;
    private readonly PipelineOptions _options;

    internal CaptureStage(CorpusStage corpus, ModelStage model, DistributionsSection section, PipelineOptions options)
    {
        _corpus = corpus;
        _model = model;
        _section = section;
        _options = options;
    }

    /// <summary>Name of the source.</summary>
    internal string Source => _model.Model;

    internal override string Name => $"capture {_model.Model}";

    internal override string Folder => $"distributions/{_model.Model.Replace('/', '-')}";

    internal override IReadOnlyList<Stage> Inputs => [_corpus, _model];

    internal override string Parameters => string.Create(CultureInfo.InvariantCulture, $"top {_section.TopK} mass {_section.TopP}");

    /// <summary>The source's tokenizer.</summary>
    internal Tokenizer LoadTokenizer(RunFolder run) => TokenizerFile.Load(_model.ModelFolder(run));

    internal override MemoryEstimate Estimate(Device device)
    {
        var tokens = new DistributionCaptureOptions().TokensPerBatch;
        return new MemoryEstimator(device).OfScoring(rehearsal => _model.Rehearse(rehearsal, WeightPrecision.Packed), tokens, tokens);
    }

    internal override void Run(StageContext context, string folder)
    {
        var corpus = _corpus.Open(context.Run);
        var tokenizer = LoadTokenizer(context.Run);
        using var model = PretrainedModel.Load(_model.ModelFolder(context.Run), context.Device, precision: WeightPrecision.Packed);
        var options = new DistributionStoreOptions
        {
            ModelHash = _model.ResultKey(context.Run),
            TokenizerHash = tokenizer.ContentHash,
            CorpusHash = corpus.Hash,
            VocabularySize = model.VocabularySize,
            TopK = Math.Min(_section.TopK, model.VocabularySize),
            KeptMass = _section.TopP,
            CreatedBy = _options.CreatedBy,
        };
        using var store = DistributionStoreWriter.Open(folder, options);
        var capture = new DistributionCapture(
            context.Device, model, tokenizer, new DistributionCaptureOptions { Stage = Name, TotalDocuments = corpus.Fusion.Count });
        capture.Run(corpus.Fusion, store, context.Progress, context.CancellationToken);
        store.Complete();
    }
}
