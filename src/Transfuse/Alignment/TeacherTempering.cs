using Transfuse.Errors;

namespace Transfuse.Alignment;

/// <summary>Turns a position's stored log-probabilities into the probabilities that go through the map.</summary>
internal static class TeacherTempering
{
    /// <summary>Stores quantise log-probabilities (up to 1/32 nat each way), so a stored sum may pass 1 by this much before it counts as wrong.</summary>
    private const double MassTolerance = 0.1;

    /// <summary>
    /// p_i ∝ exp(v_i / T), scaled so that they and the rest sum to 1 (see <see cref="AlignmentOptions.Temperature"/>); returns the rest.
    /// </summary>
    /// <exception cref="TransfuseException">The values are no log-probabilities.</exception>
    internal static double Apply(ReadOnlySpan<float> values, AlignmentOptions options, Span<double> probabilities)
    {
        if (values.IsEmpty)
        {
            return 1;
        }

        if (options.Rest == RestPolicy.Renormalise)
        {
            Softmax(values, options, probabilities);
            return 0;
        }

        var stored = 0.0;
        for (var i = 0; i < values.Length; i++)
        {
            probabilities[i] = Math.Exp(values[i]);
            stored += probabilities[i];
        }

        if (!(stored <= 1 + MassTolerance))
        {
            throw new TransfuseException(
                $"The stored probabilities sum to {stored:G4}; expected log-probabilities whose sum of exponentials is at most 1. "
                + "Capture the source again.");
        }

        var rest = Math.Max(0, 1 - stored);
        var exponent = 1 / options.Temperature;
        if (exponent != 1)
        {
            rest = Math.Pow(rest, exponent);
            stored = 0;
            for (var i = 0; i < values.Length; i++)
            {
                probabilities[i] = Math.Exp(values[i] * exponent);
                stored += probabilities[i];
            }
        }

        return Scale(probabilities[..values.Length], stored, rest);
    }

    private static double Scale(Span<double> probabilities, double stored, double rest)
    {
        var total = stored + rest;
        if (total is 1 or 0)
        {
            return rest;
        }

        foreach (ref var probability in probabilities)
        {
            probability /= total;
        }

        return rest / total;
    }

    private static void Softmax(ReadOnlySpan<float> values, AlignmentOptions options, Span<double> probabilities)
    {
        var maximum = double.NegativeInfinity;
        for (var i = 0; i < values.Length; i++)
        {
            var value = options.RoundToBFloat16
                ? BFloat16Rounding.Round(BFloat16Rounding.Round(values[i]) / options.Temperature)
                : values[i] / options.Temperature;
            probabilities[i] = value;
            maximum = double.IsNaN(value) ? double.NaN : Math.Max(maximum, value);
        }

        if (!double.IsFinite(maximum))
        {
            throw new TransfuseException($"The stored log-probabilities have the maximum {maximum}; expected finite numbers. Capture the source again.");
        }

        var sum = 0.0;
        for (var i = 0; i < values.Length; i++)
        {
            probabilities[i] = Math.Exp(probabilities[i] - maximum);
            sum += probabilities[i];
        }

        for (var i = 0; i < values.Length; i++)
        {
            probabilities[i] /= sum;
        }
    }
}
