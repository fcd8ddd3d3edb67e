using Transfuse.Diagnostics;
using Transfuse.Evaluation;
using Transfuse.Models;
using Transfuse.Recipes;
using Transfuse.Tensors.Devices;
using Transfuse.Tokenization;
using Transfuse.Tokenization.ChatTemplates;
using Transfuse.Training;

namespace Transfuse.Pipeline.Stages;

/// <summary>Trains a model, from random weights or from another stage's model, on texts and, where there is one, on a teacher.</summary>
internal sealed class TrainStage : ModelStage
{
    private readonly TrainSection _section;
    private readonly TrainingPlan _plan;

    internal TrainStage(string model, TrainSection section, TrainingPlan plan)
    {
        Model = model;
        _section = section;
        _plan = plan;
    }

    internal override string Model { get; }

    internal override string Name => $"train {Model}";

    internal override string Folder => $"models/{Model.Replace('/', '-')}";

    internal override IReadOnlyList<Stage> Inputs => _plan.Inputs;

    internal override string Parameters => FormattableString.Invariant($"{_section} {_plan.Describe()}");

    internal override void Run(StageContext context, string folder)
    {
        var corpus = _plan.Corpus.Open(context.Run);
        var tokenizer = TokenizerFile.Load(_plan.TokenizerFolder(context.Run));
        using var model = _plan.Begin(context.Run, context.Device, tokenizer);
        var documents = _plan.Documents(context, corpus, tokenizer, model, folder);
        var batches = new PackedBatches(documents, _plan.Seed, _section.BatchTokens, Math.Min(_section.Block, model.MaxPositions));
        using var trainer = new Trainer(context.Device, model, batches, Options());
        var observer = new TrainingRecorder(context, Name, folder, _section, corpus.ValidationSample(_plan.Text.Domain), tokenizer, model);
        observer.Resume(trainer);
        context.Progress.Report(new ProgressEvent(Name, trainer.State.Step, _section.Steps, "steps"));
        trainer.Run(observer, context.CancellationToken);
        PretrainedModel.Save(model, folder);
        TokenizerFile.Save(tokenizer, folder);
        ChatTemplateFile.Carry(_plan.TokenizerFolder(context.Run), folder);
    }

    internal override LanguageModel Rehearse(Device rehearsal, WeightPrecision precision) => _plan.Rehearse(rehearsal, precision);

    internal override long Tokens => RecipePlan.TokensOf(_section);

    internal override MemoryEstimate Estimate(Device device)
    {
        var validation = _section.ValidateEvery > 0 ? new BitsPerByteOptions().BatchTokens : 0;
        return new MemoryEstimator(device).OfTraining(rehearsal => _plan.Rehearse(rehearsal, WeightPrecision.Float32), Options(), _section.BatchTokens, _section.Block, validation);
    }

    internal override void CleanUp(string folder) => TrainingRecorder.RemoveCheckpoints(folder);

    private TrainingOptions Options() => new()
    {
        Steps = _section.Steps,
        Accumulate = _section.Accumulate,
        LabelWeight = (float)(_plan.Teacher?.LabelWeight ?? 1),
        Optimizer = new()
        {
            Beta1 = (float)_section.Beta1,
            Beta2 = (float)_section.Beta2,
            WeightDecay = (float)_section.WeightDecay,
            States = _section.OptimizerStates,
        },
        Schedule = new()
        {
            Kind = _section.Schedule,
            Peak = _section.LearningRate,
            Steps = _section.Steps,
            WarmupSteps = (int)Math.Round(_section.Warmup * _section.Steps),
            Floor = _section.Floor,
        },
        ClipNorm = (float)_section.Clip,
        LogEvery = _section.LogEvery,
        CheckpointEvery = _section.CheckpointEvery,
        ValidateEvery = _section.ValidateEvery,
        Patience = _section.Patience,
        Recompute = _section.Recompute,
    };
}
