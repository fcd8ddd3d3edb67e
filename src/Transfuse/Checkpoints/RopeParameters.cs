using System.Globalization;

namespace Transfuse.Checkpoints;

/// <summary>What a configuration says about rotary positions, whichever spelling it uses. The formulas are in <c>Context</c>.</summary>
public sealed record RopeParameters
{
    /// <summary>No scaling.</summary>
    public const string DefaultType = "default";

    /// <summary>Position interpolation: all frequencies divided by <see cref="Factor"/> (Chen et al. 2023).</summary>
    public const string LinearType = "linear";

    /// <summary>NTK-aware scaling whose base follows the length of the input.</summary>
    public const string DynamicType = "dynamic";

    /// <summary>YaRN (Peng et al. 2023).</summary>
    public const string YarnType = "yarn";

    /// <summary>LongRoPE (Ding et al. 2024): a divisor for each frequency, one list for short and one for long inputs.</summary>
    public const string LongRopeType = "longrope";

    /// <summary>The scaling of Llama 3.1: low frequencies divided, high ones kept.</summary>
    public const string Llama3Type = "llama3";

    /// <summary>The scalings that can be computed.</summary>
    public static IReadOnlyList<string> SupportedTypes { get; } = [DefaultType, LinearType, DynamicType, YarnType, LongRopeType, Llama3Type];

    /// <summary>Which scaling.</summary>
    public string Type { get; init; } = DefaultType;

    /// <summary>Base of the frequencies, θⱼ = Theta^(−2j/dimensions).</summary>
    public double Theta { get; init; } = 10000;

    /// <summary>How many times the window was stretched; 1 without scaling.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Share of each head that is rotated.</summary>
    public double PartialRotaryFactor { get; init; } = 1;

    /// <summary>Positions of the model before its window was stretched; 0 where the scaling does not need it.</summary>
    public int OriginalMaxPositions { get; init; }

    /// <summary>YaRN, LongRoPE: factor on cosines and sines; null computes it.</summary>
    public double? AttentionFactor { get; init; }

    /// <summary>YaRN: rotations within the original window above which a frequency is kept; null is 32.</summary>
    public double? BetaFast { get; init; }

    /// <summary>YaRN: rotations within the original window below which a frequency is divided; null is 1.</summary>
    public double? BetaSlow { get; init; }

    /// <summary>YaRN: with <see cref="MScaleAllDimensions"/>, the attention factor as a quotient (DeepSeek).</summary>
    public double? MScale { get; init; }

    /// <summary>YaRN: see <see cref="MScale"/>.</summary>
    public double? MScaleAllDimensions { get; init; }

    /// <summary>YaRN: whether the ramp's ends are rounded to whole dimensions; null is true.</summary>
    public bool? Truncates { get; init; }

    /// <summary>Llama 3: wavelengths above original window / this are divided.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama 3: wavelengths below original window / this are kept.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>LongRoPE: divisors for inputs within the original window, one a rotated pair.</summary>
    public IReadOnlyList<double> ShortFactors { get; init; } = [];

    /// <summary>LongRoPE: divisors for longer inputs.</summary>
    public IReadOnlyList<double> LongFactors { get; init; } = [];

    /// <summary>Whether the base grows with the input, so that every length is provided for.</summary>
    public bool FollowsLength => Type is DynamicType;

    /// <summary>Whether the frequencies depend on the length of the input.</summary>
    public bool DependsOnLength => Type is DynamicType or LongRopeType;

    /// <summary>Rotated elements of a head of <paramref name="headSize"/>.</summary>
    public int RotaryDimensions(int headSize) => (int)(headSize * PartialRotaryFactor);

    /// <summary>
    /// The stretched window of a model whose configuration says <paramref name="maxPositions"/>: some files leave the original window there
    /// and others write the stretched one.
    /// </summary>
    internal int ContextWindow(int maxPositions)
    {
        var original = Type is LinearType or DynamicType ? maxPositions : OriginalMaxPositions;
        return Type is DefaultType ? maxPositions : (int)Math.Min(int.MaxValue, Math.Max(maxPositions, original * Factor));
    }

    /// <summary>Everything that is wrong with the values, as clauses; empty if frequencies can be computed for heads of <paramref name="headSize"/>.</summary>
    internal IEnumerable<string> Problems(int headSize)
    {
        var rotated = RotaryDimensions(headSize);
        if (rotated < 0 || rotated > headSize || rotated % 2 != 0)
        {
            yield return $"{rotated} of {headSize} elements of a head would be rotated, expected an even number up to the head size";
        }

        if (!SupportedTypes.Contains(Type, StringComparer.Ordinal))
        {
            yield return $"RoPE scaling of type '{Type}' is not supported; supported: {string.Join(", ", SupportedTypes)}";
        }

        if (Type is DynamicType && rotated == 2)
        {
            yield return "dynamic RoPE scaling needs more than two rotated elements a head";
        }

        if (Type is LongRopeType)
        {
            foreach (var (key, factors) in ((string, IReadOnlyList<double>)[])[("short_factor", ShortFactors), ("long_factor", LongFactors)])
            {
                if (factors.Count != rotated / 2)
                {
                    yield return $"'{key}' has {factors.Count} numbers, expected {rotated / 2}, one for each pair of the {rotated} rotated elements of a head";
                }
            }
        }

        if (Type is Llama3Type && HighFrequencyFactor <= LowFrequencyFactor)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture, $"'high_freq_factor' is {HighFrequencyFactor}, expected more than 'low_freq_factor', {LowFrequencyFactor}");
        }
    }
}
