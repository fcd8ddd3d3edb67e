using Transfuse.Recipes.Keys;

namespace Transfuse.Recipes;

/// <summary>The model of a training recipe. A bare path in a recipe is its <see cref="ModelSection.Model"/>.</summary>
public sealed record TrainedModelSection : ModelSection
{
    internal static SectionSchema<TrainedModelSection> Schema { get; } =
        new SectionSchema<TrainedModelSection>("The model that is trained.", shorthand: "model").ModelKeysAndRules();
}
