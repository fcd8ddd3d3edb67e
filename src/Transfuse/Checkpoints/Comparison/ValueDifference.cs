namespace Transfuse.Checkpoints.Comparison;

/// <summary>How far the values of two tensors a and b of one shape are apart. Sums are double; elements that are not finite are left out of them.</summary>
public sealed record ValueDifference
{
    /// <summary>Number of elements of each.</summary>
    public long Elements { get; init; }

    /// <summary>Number of elements with different values; two NaN are the same.</summary>
    public long Different { get; init; }

    /// <summary>Number of elements that are NaN or infinite in a or b.</summary>
    public long NotFinite { get; init; }

    /// <summary>Largest |aᵢ − bᵢ|; null if the elements are no real numbers.</summary>
    public double? Largest { get; init; }

    /// <summary>Σ aᵢ².</summary>
    public double SquaresOfA { get; init; }

    /// <summary>Σ bᵢ².</summary>
    public double SquaresOfB { get; init; }

    /// <summary>Σ aᵢ·bᵢ.</summary>
    public double Products { get; init; }

    /// <summary>Σ (aᵢ − bᵢ)².</summary>
    public double SquaresOfDifference { get; init; }

    /// <summary>‖a − b‖/‖a‖; 0 if they are equal, null if it has no value.</summary>
    public double? RelativeL2 => Largest is null ? null : Relative(SquaresOfDifference, SquaresOfA);

    /// <summary>a·b/(‖a‖·‖b‖), at most 1; null if one of them is zero.</summary>
    public double? Cosine => Largest is null || SquaresOfA == 0 || SquaresOfB == 0
        ? null
        : Math.Clamp(Products / (Math.Sqrt(SquaresOfA) * Math.Sqrt(SquaresOfB)), -1, 1);

    internal static double? Relative(double squaresOfDifference, double squaresOfA) =>
        squaresOfDifference == 0 ? 0 : squaresOfA == 0 ? null : Math.Sqrt(squaresOfDifference / squaresOfA);
}
