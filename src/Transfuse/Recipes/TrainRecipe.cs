using Transfuse.Recipes.Keys;

namespace Transfuse.Recipes;

/// <summary>Trains one model on a corpus (<c>recipe: train/1</c>).</summary>
public sealed record TrainRecipe : Recipe
{
    /// <summary>The value of <c>recipe</c> for this kind.</summary>
    public const string KindName = "train/1";

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <summary>The model: existing, or begun anew with its tokenizer.</summary>
    public TrainedModelSection Model { get; init; } = new();

    /// <summary>The texts.</summary>
    public CorpusSection Corpus { get; init; } = new();

    /// <summary>How it is trained.</summary>
    public TrainSection Train { get; init; } = new();

    /// <summary>How it is measured.</summary>
    public EvaluateSection Evaluate { get; init; } = new();

    internal static SectionSchema<TrainRecipe> Schema { get; } = new SectionSchema<TrainRecipe>("Trains one model on a corpus.")
        .RecipeKeys(KindName)
        .Key("model", Values.Section(TrainedModelSection.Schema), r => r.Model, (r, v) => r with { Model = v }, "The model: an existing one, or one begun anew with its tokenizer.", required: true)
        .Key("corpus", Values.Section(CorpusSection.Schema), r => r.Corpus, (r, v) => r with { Corpus = v }, "The texts.", required: true)
        .Key("train", Values.Section(TrainSection.Schema), r => r.Train, (r, v) => r with { Train = v }, "How it is trained.")
        .Key("evaluate", Values.Section(EvaluateSection.Schema), r => r.Evaluate, (r, v) => r with { Evaluate = v }, "How it is measured.")
        .Rule(Check);

    private static IEnumerable<RuleViolation> Check(TrainRecipe recipe)
    {
        if (recipe.Model.Architecture is not null && recipe.Train.Block > recipe.Model.Context)
        {
            yield return new RuleViolation("train.block", $"train.block ({recipe.Train.Block}) is longer than the model's context ({recipe.Model.Context})");
        }
    }
}
