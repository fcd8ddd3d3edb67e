using Transfuse.Recipes.Keys;

namespace Transfuse.Recipes;

/// <summary>How the sources' distributions become one, and how much it weighs in the loss.</summary>
public sealed record FusionSection
{
    /// <summary>How the sources' distributions become one.</summary>
    public FusionMode Function { get; init; } = FusionMode.MinCe;

    /// <summary>What one decision covers.</summary>
    public FusionGranularity Granularity { get; init; } = FusionGranularity.Window;

    /// <summary>Bytes before and after a position that its window covers.</summary>
    public int WindowBytes { get; init; } = 100;

    /// <summary>What cross entropies are measured per.</summary>
    public FusionUnit Unit { get; init; } = FusionUnit.Byte;

    /// <summary>Weight λ of the label term: loss = λ·CLM + (1 − λ)·fusion.</summary>
    public double LabelWeight { get; init; } = 0.5;

    /// <summary>Temperature of the sources' distributions.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>What becomes of the mass that no kept token carries.</summary>
    public RestMode Rest { get; init; } = RestMode.Bucket;

    internal static SectionSchema<FusionSection> Schema { get; } = new SectionSchema<FusionSection>("How the sources' distributions become one, and how much it weighs.")
        .Key("function", Values.Choice<FusionMode>(), s => s.Function, (s, v) => s with { Function = v }, "Take the source with the least cross entropy, or their weighted mean.")
        .Key("granularity", Values.Choice<FusionGranularity>(), s => s.Granularity, (s, v) => s with { Granularity = v }, "What one decision covers.")
        .Key("window_bytes", Values.Integer(1, 1_000_000), s => s.WindowBytes, (s, v) => s with { WindowBytes = v }, "Bytes before and after a position that its window covers.")
        .Key("unit", Values.Choice<FusionUnit>(), s => s.Unit, (s, v) => s with { Unit = v }, "What cross entropies are measured per.")
        .Key("label_weight", Values.Number(NumberRange.Fraction), s => s.LabelWeight, (s, v) => s with { LabelWeight = v }, "Weight of the label term: loss = w*CLM + (1-w)*fusion.")
        .Key("temperature", Values.Number(new(0, 100, ExcludeMinimum: true)), s => s.Temperature, (s, v) => s with { Temperature = v }, "Temperature of the sources' distributions.")
        .Key("rest", Values.Choice<RestMode>(), s => s.Rest, (s, v) => s with { Rest = v }, "What becomes of the mass that no kept token carries.");
}
