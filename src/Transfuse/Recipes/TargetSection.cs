using Transfuse.Recipes.Keys;

namespace Transfuse.Recipes;

/// <summary>The model that receives the knowledge. A bare path in a recipe is its <see cref="ModelSection.Model"/>.</summary>
public sealed record TargetSection : ModelSection
{
    /// <summary>Training on all domains before the fusion; null begins the fusion with the model as it is.</summary>
    public TrainSection? Pretrain { get; init; }

    internal static SectionSchema<TargetSection> Schema { get; } = new SectionSchema<TargetSection>("The model that receives the knowledge.", shorthand: "model")
        .ModelKeysAndRules()
        .Key("pretrain", Values.Optional(Values.Section(TrainSection.Schema)), s => s.Pretrain, (s, v) => s with { Pretrain = v }, "Training on all domains before the fusion; null begins with the model as it is.")
        .Rule(Check);

    private static IEnumerable<RuleViolation> Check(TargetSection section)
    {
        if (section.Architecture is not null && section.Pretrain is null)
        {
            yield return new RuleViolation("architecture", "a new target knows nothing yet: it needs 'pretrain'", "pretrain: { steps: 200 }");
        }

        if (section.Pretrain is { } train && section.Architecture is not null && train.Block > section.Context)
        {
            yield return new RuleViolation("pretrain.block", $"pretrain.block ({train.Block}) is longer than the model's context ({section.Context})");
        }
    }
}
