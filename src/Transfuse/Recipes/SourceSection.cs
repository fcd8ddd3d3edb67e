using Transfuse.Recipes.Keys;

namespace Transfuse.Recipes;

/// <summary>A model whose knowledge is fused into the target. A bare path in a recipe is its <see cref="ModelSection.Model"/>.</summary>
public sealed record SourceSection : ModelSection
{
    /// <summary>Domain of the corpus it is trained on; null is all of them.</summary>
    public string? Domain { get; init; }

    /// <summary>How it is trained before the fusion; null takes an existing model as it is.</summary>
    public TrainSection? Train { get; init; }

    /// <summary>How it is aligned with the target; null is the recipe's own <c>alignment</c>.</summary>
    public AlignmentSection? Alignment { get; init; }

    internal static SectionSchema<SourceSection> Schema { get; } = new SectionSchema<SourceSection>("A model whose knowledge is fused into the target.", shorthand: "model")
        .ModelKeysAndRules()
        .Key("domain", Values.Optional(Values.Text), s => s.Domain, (s, v) => s with { Domain = v }, "Domain of the corpus that it is trained on; null is all of them.")
        .Key("train", Values.Optional(Values.Section(TrainSection.Schema)), s => s.Train, (s, v) => s with { Train = v }, "How it is trained before the fusion; null takes an existing model as it is.")
        .Key("alignment", Values.Optional(Values.Section(AlignmentSection.Schema)), s => s.Alignment, (s, v) => s with { Alignment = v }, "How it is aligned with the target; null is the recipe's own alignment.")
        .Rule(Check);

    private static IEnumerable<RuleViolation> Check(SourceSection section)
    {
        if (section.Architecture is not null && section.Train is null)
        {
            yield return new RuleViolation("architecture", "a new source knows nothing yet: it needs 'train'", "train: { steps: 500 }");
        }

        if (section.Domain is not null && section.Train is null)
        {
            yield return new RuleViolation("domain", "'domain' says what a source is trained on, but there is no 'train'");
        }

        if (section.Train is { } train && section.Architecture is not null && train.Block > section.Context)
        {
            yield return new RuleViolation("train.block", $"train.block ({train.Block}) is longer than the model's context ({section.Context})");
        }
    }
}
