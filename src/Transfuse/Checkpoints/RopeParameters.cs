using System.Text.Json;
using Transfuse.Errors;

namespace Transfuse.Checkpoints;

/// <summary>What a configuration says about rotary positions, whichever spelling it uses. The formulas are in <c>Context</c>.</summary>
/// <remarks>
/// transformers 5 writes <c>rope_parameters</c>, older files <c>rope_scaling</c> with the base at the top level; the latter replaces the
/// former where both stand, and <c>rope_type</c> beats <c>type</c>.
/// </remarks>
public sealed record RopeParameters
{
    /// <summary>No scaling.</summary>
    public const string DefaultType = "default";

    /// <summary>Position interpolation: all frequencies divided by <see cref="Factor"/>.</summary>
    public const string LinearType = "linear";

    /// <summary>The scalings that can be computed.</summary>
    public static IReadOnlyList<string> SupportedTypes { get; } = [DefaultType, LinearType];

    /// <summary>Which scaling.</summary>
    public string Type { get; init; } = DefaultType;

    /// <summary>Base of the frequencies, θⱼ = Theta^(−2j/dimensions).</summary>
    public double Theta { get; init; } = 10000;

    /// <summary>How many times the window was stretched; 1 without scaling.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Share of each head that is rotated.</summary>
    public double PartialRotaryFactor { get; init; } = 1;

    /// <summary>Rotated elements of a head of <paramref name="headSize"/>.</summary>
    public int RotaryDimensions(int headSize) => (int)(headSize * PartialRotaryFactor);

    /// <summary>Reads either spelling.</summary>
    /// <param name="config">The top level of the file.</param>
    /// <param name="thetaKey">Top-level key of the base.</param>
    /// <param name="partialKey">Top-level key of the rotated share.</param>
    /// <param name="fallback">Values of the architecture's class where the file is silent.</param>
    internal static RopeParameters Read(ConfigReader config, string thetaKey, string partialKey, RopeParameters fallback)
    {
        var scaling = config.Object("rope_scaling");
        var parameters = config.Object("rope_parameters");
        var rope = scaling ?? parameters;
        var type = rope is null ? DefaultType : rope.Text("rope_type", rope.Text("type", DefaultType));
        if (!SupportedTypes.Contains(type, StringComparer.Ordinal))
        {
            throw new ModelFormatException(
                config.Path, $"asks for RoPE scaling of type '{type}', which is not supported; supported: {string.Join(", ", SupportedTypes)}.");
        }

        var theta = config.OptionalReal(thetaKey, 1, 1e12);
        var partial = config.OptionalReal(partialKey, 0, 1);
        return new RopeParameters
        {
            Type = type,
            Theta = rope?.OptionalReal("rope_theta", 1, 1e12) ?? theta ?? fallback.Theta,
            PartialRotaryFactor = rope?.OptionalReal("partial_rotary_factor", 0, 1) ?? partial ?? fallback.PartialRotaryFactor,
            Factor = string.Equals(type, LinearType, StringComparison.Ordinal)
                ? rope?.OptionalReal("factor", 1e-3, 1e6) ?? throw rope!.Wrong("factor", "a number from 0.001 to 1000000")
                : 1,
        };
    }

    /// <summary>Writes the spellings of transformers 4 and 5 side by side, so that every reader finds the scaling.</summary>
    internal void Write(Utf8JsonWriter json, string thetaKey, bool writePartial)
    {
        json.WriteReal(thetaKey, Theta);
        json.WriteStartObject("rope_parameters");
        json.WriteString("rope_type", Type);
        json.WriteReal("rope_theta", Theta);
        if (writePartial)
        {
            json.WriteReal("partial_rotary_factor", PartialRotaryFactor);
        }

        WriteScaling(json);
        json.WriteEndObject();
        if (string.Equals(Type, DefaultType, StringComparison.Ordinal))
        {
            return;
        }

        // rope_scaling replaces rope_parameters as a whole in transformers 5, so the rotated share must stand in both.
        json.WriteStartObject("rope_scaling");
        json.WriteString("type", Type);
        json.WriteString("rope_type", Type);
        if (writePartial)
        {
            json.WriteReal("partial_rotary_factor", PartialRotaryFactor);
        }

        WriteScaling(json);
        json.WriteEndObject();
    }

    private void WriteScaling(Utf8JsonWriter json)
    {
        if (string.Equals(Type, LinearType, StringComparison.Ordinal))
        {
            json.WriteReal("factor", Factor);
        }
    }
}
