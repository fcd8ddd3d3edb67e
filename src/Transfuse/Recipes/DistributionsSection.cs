using Transfuse.Recipes.Keys;

namespace Transfuse.Recipes;

/// <summary>What is kept of each source's predictions.</summary>
public sealed record DistributionsSection
{
    /// <summary>Most tokens kept per position.</summary>
    public int TopK { get; init; } = 10;

    /// <summary>Mass after which no further token is kept; 1 keeps all of <see cref="TopK"/>.</summary>
    public double TopP { get; init; } = 1;

    internal static SectionSchema<DistributionsSection> Schema { get; } = new SectionSchema<DistributionsSection>("What is kept of each source's predictions.")
        .Key("top_k", Values.Integer(1, 65_535), s => s.TopK, (s, v) => s with { TopK = v }, "Most tokens kept per position.")
        .Key("top_p", Values.Number(new(0, 1, ExcludeMinimum: true)), s => s.TopP, (s, v) => s with { TopP = v }, "Mass after which no further token is kept; 1 keeps all top_k.");
}
