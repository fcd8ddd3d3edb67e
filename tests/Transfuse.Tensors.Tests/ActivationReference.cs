using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Tests;

/// <summary>Activations in double, written as in their definitions.</summary>
internal static class ActivationReference
{
    internal static double Value(ActivationKind kind, double x) => kind switch
    {
        ActivationKind.Silu => x / (1 + Math.Exp(-x)),
        ActivationKind.Gelu => x * Cdf(x),
        ActivationKind.GeluTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        _ => Math.Max(x, 0),
    };

    internal static double Slope(ActivationKind kind, double x)
    {
        if (kind is ActivationKind.Relu or ActivationKind.Gelu)
        {
            return kind == ActivationKind.Gelu ? Cdf(x) + (x * Density(x)) : x > 0 ? 1 : 0;
        }

        const double Step = 1e-4;
        return ((8 * (Value(kind, x + Step) - Value(kind, x - Step))) - (Value(kind, x + (2 * Step)) - Value(kind, x - (2 * Step)))) / (12 * Step);
    }

    /// <summary>Φ(x): the series of erf (all terms positive) near 0, the continued fraction of Mills' ratio in the tails.</summary>
    internal static double Cdf(double x)
    {
        if (Math.Abs(x) < 4)
        {
            double term = x, sum = x;
            for (var k = 1; Math.Abs(term) > 1e-18 * Math.Abs(sum); k++)
            {
                term *= x * x / ((2 * k) + 1);
                sum += term;
            }

            return x < -2 ? Tail(-x) : 0.5 + (Density(x) * sum);
        }

        return x < 0 ? Tail(-x) : 1 - Tail(x);
    }

    internal static double Density(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);

    private static double Tail(double x)
    {
        var fraction = x;
        for (var k = 120; k >= 1; k--)
        {
            fraction = x + (k / fraction);
        }

        return Density(x) / fraction;
    }
}
