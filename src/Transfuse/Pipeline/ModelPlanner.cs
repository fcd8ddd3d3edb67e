using Transfuse.Pipeline.Stages;
using Transfuse.Recipes;

namespace Transfuse.Pipeline;

/// <summary>Plans the stages that bring models about: existing ones are pinned, new ones get a tokenizer and are trained.</summary>
internal sealed class ModelPlanner
{
    private readonly long _seed;
    private readonly PipelineOptions _options;
    private readonly List<Stage> _stages = [];

    internal ModelPlanner(CorpusStage corpus, long seed, PipelineOptions options)
    {
        Corpus = corpus;
        _seed = seed;
        _options = options;
    }

    internal CorpusStage Corpus { get; }

    /// <summary>What was planned so far, the corpus not included.</summary>
    internal IReadOnlyList<Stage> Stages => _stages;

    /// <summary>A model as its section describes it, trained on a text if <paramref name="train"/> says how; a recipe says so for every model begun anew.</summary>
    internal ModelStage Train(string name, ModelSection section, TrainSection? train, TrainingText text)
    {
        ModelStage? existing = section.Model is { } folder ? Add(new ExistingModelStage(train is null ? name : name + "/base", Resolve(folder))) : null;
        if (existing is not null && train is null)
        {
            return existing;
        }

        var tokenizer = existing is null && section.Tokenizer is null ? Add(new TokenizerStage(name, section.Vocabulary, Corpus, text)) : null;
        return Add(new TrainStage(name, train!, new TrainingPlan
        {
            Corpus = Corpus,
            Text = text,
            Seed = _seed,
            Base = existing,
            Architecture = existing is null ? section with { Tokenizer = section.Tokenizer is { } path ? Resolve(path) : null } : null,
            Tokenizer = tokenizer,
        }));
    }

    /// <summary>A model trained further from another stage's.</summary>
    internal TrainStage Continue(string name, ModelStage from, TrainSection train, TrainingText text, FusedTeacher? teacher) =>
        Add(new TrainStage(name, train, new TrainingPlan { Corpus = Corpus, Text = text, Seed = _seed, Base = from, Teacher = teacher }));

    /// <summary>The distributions of a source.</summary>
    internal CaptureStage Capture(ModelStage source, DistributionsSection section) => Add(new CaptureStage(Corpus, source, section, _options));

    private string Resolve(string path) => Path.GetFullPath(path, _options.BaseFolder);

    private TStage Add<TStage>(TStage stage)
        where TStage : Stage
    {
        _stages.Add(stage);
        return stage;
    }
}
