namespace Transfuse.Recipes;

/// <summary>How log-probabilities are stored.</summary>
public enum DistributionPrecision
{
    /// <summary>16-bit floating point.</summary>
    Float16,

    /// <summary>8 bits, quantised.</summary>
    Int8,
}
