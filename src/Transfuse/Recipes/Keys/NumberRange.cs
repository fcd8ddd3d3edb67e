using System.Globalization;
using System.Text.Json.Nodes;

namespace Transfuse.Recipes.Keys;

/// <summary>The numbers that a key accepts. Declared once; validation, reference and schema read it.</summary>
/// <param name="Minimum">Least value.</param>
/// <param name="Maximum">Greatest value.</param>
/// <param name="ExcludeMinimum">Whether the least value itself is out.</param>
/// <param name="ExcludeMaximum">Whether the greatest value itself is out.</param>
internal readonly record struct NumberRange(
    double Minimum, double Maximum = double.PositiveInfinity, bool ExcludeMinimum = false, bool ExcludeMaximum = false)
{
    /// <summary>From 0 to 1, both included.</summary>
    internal static NumberRange Fraction => new(0, 1);

    internal bool Contains(double value) =>
        (ExcludeMinimum ? value > Minimum : value >= Minimum) && (ExcludeMaximum ? value < Maximum : value <= Maximum);

    /// <summary>The range in words: <c>at least 1</c>, <c>from 0 to 1</c>, <c>above 0, at most 1</c>.</summary>
    public override string ToString()
    {
        var low = Text(Minimum);
        var high = Text(Maximum);
        if (double.IsPositiveInfinity(Maximum))
        {
            return ExcludeMinimum ? $"above {low}" : $"at least {low}";
        }

        return (ExcludeMinimum, ExcludeMaximum) switch
        {
            (false, false) => $"from {low} to {high}",
            (true, false) => $"above {low}, at most {high}",
            (false, true) => $"from {low}, below {high}",
            _ => $"above {low}, below {high}",
        };
    }

    /// <summary>Adds the bounds to a JSON schema.</summary>
    internal void AddTo(JsonObject schema)
    {
        schema[ExcludeMinimum ? "exclusiveMinimum" : "minimum"] = Minimum;
        if (!double.IsPositiveInfinity(Maximum))
        {
            schema[ExcludeMaximum ? "exclusiveMaximum" : "maximum"] = Maximum;
        }
    }

    private static string Text(double value) => value.ToString("#,0.#########", CultureInfo.InvariantCulture).Replace(',', '_');
}
