using Transfuse.Pipeline.Stages;
using Transfuse.Recipes;

namespace Transfuse.Pipeline;

/// <summary>The stages that carry out a recipe, in order, and the models that it ends in.</summary>
/// <param name="Stages">Every stage; inputs stand before what reads them.</param>
/// <param name="Results">The models that the run is about, for the table.</param>
/// <param name="TrainTokens">Tokens that each continuation of the target reads; of the model, for a training recipe.</param>
internal sealed record RecipePlan(IReadOnlyList<Stage> Stages, IReadOnlyList<ModelStage> Results, long TrainTokens)
{
    /// <summary>The plan of a recipe.</summary>
    internal static RecipePlan Of(Recipe recipe, PipelineOptions options) => recipe switch
    {
        FuseRecipe fuse => new FusePlanner(fuse, options).Plan(),
        TrainRecipe train => PlanTraining(train, options),
        _ => throw new ArgumentException($"There is no plan for a recipe of kind {recipe.Kind}.", nameof(recipe)),
    };

    private static RecipePlan PlanTraining(TrainRecipe recipe, PipelineOptions options)
    {
        var planner = new ModelPlanner(new CorpusStage(recipe.Corpus, options), recipe.Seed, options);
        var model = planner.Train(recipe.Model.Name ?? "model", recipe.Model, recipe.Train, new TrainingText(IsFusionPart: true, Domain: null));
        var evaluate = new EvaluateStage(planner.Corpus, [model], recipe.Evaluate);
        return new RecipePlan([planner.Corpus, .. planner.Stages, evaluate], [model], TokensOf(recipe.Train));
    }

    internal static long TokensOf(TrainSection section) => (long)section.Steps * section.BatchTokens * section.Accumulate;
}
