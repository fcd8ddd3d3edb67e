using Transfuse.Recipes.Keys;

namespace Transfuse.Recipes;

/// <summary>How bits per byte are measured on the test documents.</summary>
public sealed record EvaluateSection
{
    /// <summary>Tokens a model sees at once; null is its context.</summary>
    public int? Window { get; init; }

    /// <summary>Tokens the window moves on, each token being scored once; null is half the window.</summary>
    public int? Stride { get; init; }

    internal static SectionSchema<EvaluateSection> Schema { get; } = new SectionSchema<EvaluateSection>("How bits per byte are measured on the test documents.")
        .Key("window", Values.OptionalNumber(Values.Integer(2)), s => s.Window, (s, v) => s with { Window = v }, "Tokens a model sees at once; null is its context.")
        .Key("stride", Values.OptionalNumber(Values.Integer(1)), s => s.Stride, (s, v) => s with { Stride = v }, "Tokens the window moves on; null is half the window.")
        .Rule(Check);

    private static IEnumerable<RuleViolation> Check(EvaluateSection section)
    {
        if (section.Stride > section.Window)
        {
            yield return new RuleViolation("stride", $"stride ({section.Stride}) is longer than window ({section.Window}), so tokens would be left out");
        }
    }
}
