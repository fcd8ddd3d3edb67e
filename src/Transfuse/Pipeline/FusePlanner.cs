using Transfuse.Pipeline.Stages;
using Transfuse.Recipes;

namespace Transfuse.Pipeline;

/// <summary>
/// Plans a fusion: sources, the target before, the sources' distributions, and the target continued from the same weights over the same
/// batches with the same schedule, once on the text alone (the baseline) and once on text and fused sources.
/// </summary>
internal sealed class FusePlanner
{
    private readonly FuseRecipe _recipe;
    private readonly ModelPlanner _models;

    internal FusePlanner(FuseRecipe recipe, PipelineOptions options)
    {
        _recipe = recipe;
        _models = new ModelPlanner(new CorpusStage(recipe.Corpus, options), recipe.Seed, options);
    }

    internal RecipePlan Plan()
    {
        var sources = _recipe.Sources.Select((source, i) => _models.Train(
            $"source/{NameOf(source, i)}", source, source.Train, new TrainingText(IsFusionPart: false, source.Domain))).ToList();
        var meeting = new TrainingText(IsFusionPart: true, Domain: null);
        var before = _models.Train("target/before", _recipe.Target, _recipe.Target.Pretrain, meeting);
        var stores = sources.Select(source => _models.Capture(source, _recipe.Distributions)).ToList();
        var results = new List<ModelStage>([.. sources, before]);
        if (_recipe.Baselines.Contains(BaselineKind.Clm))
        {
            results.Add(_models.Continue("target/clm", before, _recipe.Train, meeting, teacher: null));
        }

        var teacher = new FusedTeacher(stores, _recipe.Fusion, [.. _recipe.Sources.Select(source => source.Alignment ?? _recipe.Alignment)]);
        results.Add(_models.Continue("target/fused", before, _recipe.Train, meeting, teacher));
        var evaluate = new EvaluateStage(_models.Corpus, results, _recipe.Evaluate);
        return new RecipePlan([_models.Corpus, .. _models.Stages, evaluate], results, RecipePlan.TokensOf(_recipe.Train));
    }

    private static string NameOf(SourceSection source, int index) =>
        source.Name ?? source.Domain ?? (source.Model is { } folder ? Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)) : FormattableString.Invariant($"{index}"));
}
