using Transfuse.Checkpoints;

namespace Transfuse.Context;

/// <summary>How fast each pair of a rotated head turns with the position, and what cosines and sines are multiplied by.</summary>
/// <param name="Inverse">Angle per position of pair j, <c>dimensions/2</c> values in radians.</param>
/// <param name="AttentionFactor">Factor on both cosine and sine.</param>
/// <remarks>Su et al. 2021 (RoFormer); linear scaling is Chen et al. 2023 (Position Interpolation). Computed in float32 in transformers' order.</remarks>
public sealed record RopeFrequencies(IReadOnlyList<float> Inverse, float AttentionFactor = 1)
{
    /// <summary>The frequencies that a configuration asks for.</summary>
    /// <param name="rope">The configuration's part about rotary positions.</param>
    /// <param name="headSize">Elements of a head, of which the configuration rotates a share.</param>
    /// <exception cref="ArgumentException">The scaling type is none that can be computed.</exception>
    public static RopeFrequencies Create(RopeParameters rope, int headSize)
    {
        ArgumentNullException.ThrowIfNull(rope);
        var plain = Plain(rope.Theta, rope.RotaryDimensions(headSize));
        return rope.Type switch
        {
            RopeParameters.DefaultType => new RopeFrequencies(plain),
            RopeParameters.LinearType => new RopeFrequencies(Array.ConvertAll(plain, frequency => frequency / (float)rope.Factor)),
            _ => throw new ArgumentException(
                $"RoPE scaling of type '{rope.Type}' is not supported; supported: {string.Join(", ", RopeParameters.SupportedTypes)}.", nameof(rope)),
        };
    }

    /// <summary>θⱼ = base^(−2j/dimensions).</summary>
    private static float[] Plain(double theta, int dimensions)
    {
        var frequencies = new float[dimensions / 2];
        for (var j = 0; j < frequencies.Length; j++)
        {
            frequencies[j] = 1f / (float)Math.Pow((float)theta, 2f * j / dimensions);
        }

        return frequencies;
    }
}
