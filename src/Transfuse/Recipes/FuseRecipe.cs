using Transfuse.Recipes.Keys;

namespace Transfuse.Recipes;

/// <summary>Fuses several models into one (<c>recipe: fuse/1</c>).</summary>
public sealed record FuseRecipe : Recipe
{
    /// <summary>The value of <c>recipe</c> for this kind.</summary>
    public const string KindName = "fuse/1";

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <summary>The texts on which the models meet.</summary>
    public CorpusSection Corpus { get; init; } = new();

    /// <summary>The models whose knowledge is fused.</summary>
    public IReadOnlyList<SourceSection> Sources { get; init; } = [];

    /// <summary>The model that receives it.</summary>
    public TargetSection Target { get; init; } = new();

    /// <summary>What is kept of the sources' predictions.</summary>
    public DistributionsSection Distributions { get; init; } = new();

    /// <summary>How sources are aligned with the target.</summary>
    public AlignmentSection Alignment { get; init; } = new();

    /// <summary>How the sources' distributions become one.</summary>
    public FusionSection Fusion { get; init; } = new();

    /// <summary>How the target is trained on labels and fused distributions.</summary>
    public TrainSection Train { get; init; } = new();

    /// <summary>How models are measured.</summary>
    public EvaluateSection Evaluate { get; init; } = new();

    /// <summary>What the fused model is compared with.</summary>
    public IReadOnlyList<BaselineKind> Baselines { get; init; } = [BaselineKind.Clm];

    internal static SectionSchema<FuseRecipe> Schema { get; } = new SectionSchema<FuseRecipe>("Fuses several models into one.")
        .RecipeKeys(KindName)
        .Key("corpus", Values.Section(CorpusSection.Schema), r => r.Corpus, (r, v) => r with { Corpus = v }, "The texts on which the models meet.", required: true)
        .Key("sources", Values.List(Values.Section(SourceSection.Schema), minimum: 1), r => r.Sources, (r, v) => r with { Sources = v }, "The models whose knowledge is fused.", required: true)
        .Key("target", Values.Section(TargetSection.Schema), r => r.Target, (r, v) => r with { Target = v }, "The model that receives it.", required: true)
        .Key("distributions", Values.Section(DistributionsSection.Schema), r => r.Distributions, (r, v) => r with { Distributions = v }, "What is kept of the sources' predictions.")
        .Key("alignment", Values.Section(AlignmentSection.Schema), r => r.Alignment, (r, v) => r with { Alignment = v }, "How sources are aligned with the target.")
        .Key("fusion", Values.Section(FusionSection.Schema), r => r.Fusion, (r, v) => r with { Fusion = v }, "How the sources' distributions become one.")
        .Key("train", Values.Section(TrainSection.Schema), r => r.Train, (r, v) => r with { Train = v }, "How the target is trained on labels and fused distributions.")
        .Key("evaluate", Values.Section(EvaluateSection.Schema), r => r.Evaluate, (r, v) => r with { Evaluate = v }, "How models are measured.")
        .Key("baselines", Values.List(Values.Choice<BaselineKind>()), r => r.Baselines, (r, v) => r with { Baselines = v }, "What the fused model is compared with.")
        .Rule(CheckSources)
        .Rule(CheckTarget);

    private static IEnumerable<RuleViolation> CheckSources(FuseRecipe recipe)
    {
        for (var i = 0; i < recipe.Sources.Count; i++)
        {
            var source = recipe.Sources[i];
            foreach (var violation in CommonKeys.CheckDomain(recipe.Corpus, source.Domain, $"sources.{i}.domain"))
            {
                yield return violation;
            }

            if (source.Name is { } name && recipe.Sources.Take(i).Any(other => string.Equals(other.Name, name, StringComparison.Ordinal)))
            {
                yield return new RuleViolation($"sources.{i}.name", $"two sources have the name '{name}'", "give each its own");
            }
        }
    }

    private static IEnumerable<RuleViolation> CheckTarget(FuseRecipe recipe)
    {
        if (recipe.Target.Architecture is not null && recipe.Train.Block > recipe.Target.Context)
        {
            yield return new RuleViolation("train.block", $"train.block ({recipe.Train.Block}) is longer than the target's context ({recipe.Target.Context})");
        }
    }
}
