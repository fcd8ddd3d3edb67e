namespace Transfuse.Distributions;

/// <summary>
/// Log-probabilities of one position as whole numbers: the first as fp16, which is finest near 0 and so keeps the rest mass of confident
/// positions; the others as multiples of 1/256 nat below it.
/// </summary>
/// <remarks>
/// Values are rounded to the nearest step; where the kept mass would exceed 1, all are rounded down and the first is lowered to what is
/// left. So the decoded mass never exceeds 1, the order is kept, and a log-probability differs by at most 1/256 nat (0.4 % of the
/// probability) for the others and by 2⁻¹¹ of itself or 1/256 nat for the first. Below −100 nats everything counts as −100.
/// </remarks>
internal static class LogProbabilityCode
{
    /// <summary>Steps of a nat.</summary>
    public const int StepsPerNat = 256;

    /// <summary>The least log-probability that is told apart.</summary>
    public const float Lowest = -100;

    /// <summary>Largest excess of the mass over 1, and of a log-probability over 0, that counts as rounding of a float32 softmax.</summary>
    public const float Tolerance = 1e-4f;

    /// <summary>Encodes the values of one position.</summary>
    /// <param name="values">Log-probabilities, descending; at least one.</param>
    /// <param name="steps">Receives, from index 1 on, each value's distance below the one before, in steps.</param>
    /// <returns>The first value.</returns>
    /// <exception cref="ArgumentException">The values are not descending log-probabilities of one distribution.</exception>
    public static Half Encode(ReadOnlySpan<float> values, Span<uint> steps)
    {
        Check(values);
        var highest = Math.Clamp(values[0], Lowest, 0);
        var first = (Half)highest;
        var tail = Quantize(values, first, steps, roundDown: false);
        if (Math.Exp((double)first) + tail > 1)
        {
            // Rounding down can only lower the first value, which in turn can only lower the others' start: two passes settle it.
            first = RoundDown(highest);
            tail = Quantize(values, first, steps, roundDown: true);
            var left = RoundDown(Math.Max(Math.Log(Math.Max(1 - tail, double.Epsilon)), Lowest));
            if (left < first)
            {
                first = left;
                Quantize(values, first, steps, roundDown: true);
            }
        }

        return first;
    }

    /// <summary>Decodes what <see cref="Encode"/> gave.</summary>
    public static void Decode(Half first, ReadOnlySpan<uint> steps, Span<float> values)
    {
        values[0] = (float)first;
        long level = StepsBelow((double)first);
        for (var i = 1; i < values.Length; i++)
        {
            level += steps[i];
            values[i] = -level / (float)StepsPerNat;
        }
    }

    private static void Check(ReadOnlySpan<float> values)
    {
        double mass = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (!(values[i] <= Tolerance) || (i > 0 && values[i] > values[i - 1]))
            {
                throw new ArgumentException(
                    $"Entry {i} has the log-probability {values[i]}; expected descending values not above 0.", nameof(values));
            }

            mass += Math.Exp(values[i]);
        }

        if (mass > 1 + Tolerance)
        {
            throw new ArgumentException($"The probabilities add up to {mass}, expected at most 1.", nameof(values));
        }
    }

    /// <summary>Fills the steps and returns the mass of all values but the first as they will be decoded.</summary>
    private static double Quantize(ReadOnlySpan<float> values, Half first, Span<uint> steps, bool roundDown)
    {
        var level = StepsBelow((double)first);
        double mass = 0;
        for (var i = 1; i < values.Length; i++)
        {
            var exact = -Math.Clamp((double)values[i], Lowest, 0) * StepsPerNat;
            var next = Math.Max(level, (int)(roundDown ? Math.Ceiling(exact) : Math.Round(exact)));
            steps[i] = (uint)(next - level);
            level = next;
            mass += Math.Exp(-level / (double)StepsPerNat);
        }

        return mass;
    }

    /// <summary>The whole number of steps at or below a value, so that what follows never ranks above it.</summary>
    private static int StepsBelow(double value) => (int)Math.Ceiling(-value * StepsPerNat);

    private static Half RoundDown(double value)
    {
        var half = (Half)value;
        return (double)half > value ? Half.BitDecrement(half) : half;
    }
}
