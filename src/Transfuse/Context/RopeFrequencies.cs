using Transfuse.Checkpoints;

namespace Transfuse.Context;

/// <summary>How fast each pair of a rotated head turns with the position, and what cosines and sines are multiplied by.</summary>
/// <param name="Inverse">Angle per position of pair j, <c>dimensions/2</c> values in radians.</param>
/// <param name="AttentionFactor">Factor on both cosine and sine.</param>
/// <remarks>Su et al. 2021 (RoFormer). Computed in float32 in transformers' order; scalars in double as Python does.</remarks>
public sealed record RopeFrequencies(IReadOnlyList<float> Inverse, float AttentionFactor = 1)
{
    private const double UsualBetaFast = 32;
    private const double UsualBetaSlow = 1;

    /// <summary>The frequencies that a configuration asks for.</summary>
    /// <param name="rope">The configuration's part about rotary positions.</param>
    /// <param name="headSize">Elements of a head, of which the configuration rotates a share.</param>
    /// <param name="length">Positions of the whole input; counts where <see cref="RopeParameters.DependsOnLength"/>.</param>
    /// <exception cref="ArgumentException">The scaling type is none that can be computed, or a list has the wrong length.</exception>
    public static RopeFrequencies Create(RopeParameters rope, int headSize, int length = 0)
    {
        ArgumentNullException.ThrowIfNull(rope);
        var problems = rope.Problems(headSize).ToList();
        if (problems.Count > 0)
        {
            throw new ArgumentException($"{string.Join("; ", problems)}.", nameof(rope));
        }

        var dimensions = rope.RotaryDimensions(headSize);
        return rope.Type switch
        {
            RopeParameters.LinearType => new RopeFrequencies(Linear(Plain(rope.Theta, dimensions), rope.Factor)),
            RopeParameters.DynamicType => new RopeFrequencies(Plain(DynamicBase(rope, dimensions, length), dimensions)),
            RopeParameters.YarnType => new RopeFrequencies(Yarn(rope, dimensions), (float)YarnAttentionFactor(rope)),
            RopeParameters.LongRopeType => new RopeFrequencies(LongRope(rope, dimensions, length), (float)LongRopeAttentionFactor(rope)),
            RopeParameters.Llama3Type => new RopeFrequencies(Llama3(Plain(rope.Theta, dimensions), rope)),
            _ => new RopeFrequencies(Plain(rope.Theta, dimensions)),
        };
    }

    /// <summary>
    /// The base of NTK-aware scaling, base·s^(d/(d − 2)): keeps the fastest frequency and divides the slowest by s (bloc97 2023). Write it as
    /// <see cref="RopeParameters.Theta"/>; no reader knows a type for it.
    /// </summary>
    /// <param name="theta">The base before.</param>
    /// <param name="factor">s.</param>
    /// <param name="dimensions">Rotated elements of a head, more than 2.</param>
    public static double NtkTheta(double theta, double factor, int dimensions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(dimensions, 2);
        return theta * Math.Pow(factor, (double)dimensions / (dimensions - 2));
    }

    /// <summary>θⱼ = base^(−2j/dimensions).</summary>
    private static float[] Plain(double theta, int dimensions)
    {
        var frequencies = new float[dimensions / 2];
        for (var j = 0; j < frequencies.Length; j++)
        {
            frequencies[j] = 1f / Power(theta, j, dimensions);
        }

        return frequencies;
    }

    private static float Power(double theta, int j, int dimensions) => (float)Math.Pow((float)theta, 2f * j / dimensions);

    /// <summary>θⱼ/s (Chen et al. 2023, equation 4).</summary>
    private static float[] Linear(float[] plain, double factor) => Array.ConvertAll(plain, frequency => frequency / (float)factor);

    /// <summary>base·(s·l/L − (s − 1))^(d/(d − 2)) for an input of l &gt; L positions (emozilla 2023; transformers' "dynamic").</summary>
    private static double DynamicBase(RopeParameters rope, int dimensions, int length)
    {
        var original = rope.OriginalMaxPositions;
        return length <= original
            ? rope.Theta
            : NtkTheta(rope.Theta, (rope.Factor * length / original) - (rope.Factor - 1), dimensions);
    }

    /// <summary>
    /// θⱼ/s·rampⱼ + θⱼ·(1 − rampⱼ), the ramp rising from the dimension that turns β_fast times within the original window to the one that
    /// turns β_slow times (Peng et al. 2023, section 3.2, in the form over dimensions that all implementations use).
    /// </summary>
    private static float[] Yarn(RopeParameters rope, int dimensions)
    {
        var low = Dimension(rope.BetaFast ?? UsualBetaFast);
        var high = Dimension(rope.BetaSlow ?? UsualBetaSlow);
        if (rope.Truncates ?? true)
        {
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        }

        (low, high) = (Math.Max(low, 0), Math.Min(high, dimensions - 1));
        high = low == high ? high + 0.001 : high;
        var frequencies = new float[dimensions / 2];
        for (var j = 0; j < frequencies.Length; j++)
        {
            var power = Power(rope.Theta, j, dimensions);
            var kept = 1f - Math.Clamp((j - (float)low) / (float)(high - low), 0, 1);
            frequencies[j] = (1f / ((float)rope.Factor * power) * (1f - kept)) + (1f / power * kept);
        }

        return frequencies;

        double Dimension(double rotations) =>
            dimensions * Math.Log(rope.OriginalMaxPositions / (rotations * 2 * Math.PI)) / (2 * Math.Log(rope.Theta));
    }

    /// <summary>√(1/t) = 0.1·ln(s) + 1 (Peng et al. 2023, equation 22), or DeepSeek's quotient of two such terms.</summary>
    private static double YarnAttentionFactor(RopeParameters rope)
    {
        return rope switch
        {
            { AttentionFactor: { } factor } => factor,
            { MScale: > 0 and var scale, MScaleAllDimensions: > 0 and var all } => Temperature(scale) / Temperature(all),
            _ => Temperature(1),
        };

        double Temperature(double scale) => rope.Factor <= 1 ? 1 : (0.1 * scale * Math.Log(rope.Factor)) + 1;
    }

    /// <summary>1/(divisorⱼ·base^(2j/d)), the divisors by whether the input is longer than the original window (Ding et al. 2024).</summary>
    private static float[] LongRope(RopeParameters rope, int dimensions, int length)
    {
        var divisors = length > rope.OriginalMaxPositions ? rope.LongFactors : rope.ShortFactors;
        return [.. divisors.Select((divisor, j) => 1f / ((float)divisor * Power(rope.Theta, j, dimensions)))];
    }

    /// <summary>√(1 + ln s/ln L) (Ding et al. 2024), the same for short and long inputs.</summary>
    private static double LongRopeAttentionFactor(RopeParameters rope) => rope.AttentionFactor
        ?? (rope.Factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(rope.Factor) / Math.Log(rope.OriginalMaxPositions))));

    /// <summary>
    /// Wavelengths below L/high keep their frequency, above L/low it is divided by s, between them the two are mixed (Llama 3.1, Dubey et
    /// al. 2024, as published with its weights).
    /// </summary>
    private static float[] Llama3(float[] plain, RopeParameters rope)
    {
        var (factor, low, high, original) = ((float)rope.Factor, (float)rope.LowFrequencyFactor, (float)rope.HighFrequencyFactor, (float)rope.OriginalMaxPositions);
        return Array.ConvertAll(plain, frequency =>
        {
            var wavelength = (float)(2 * Math.PI) / frequency;
            if (wavelength < original / high)
            {
                return frequency;
            }

            if (wavelength > original / low)
            {
                return frequency / factor;
            }

            var kept = ((original / wavelength) - low) / (high - low);
            return ((1 - kept) * frequency / factor) + (kept * frequency);
        });
    }
}
