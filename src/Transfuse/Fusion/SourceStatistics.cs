using Transfuse.Alignment;

namespace Transfuse.Fusion;

/// <summary>One source's part in a fusion; add the documents' for a corpus.</summary>
public readonly record struct SourceStatistics
{
    /// <summary>Positions at which the source had a distribution.</summary>
    public long Spoken { get; init; }

    /// <summary>Sum of its weights over the positions: under MinCE, the positions it won.</summary>
    public double Weight { get; init; }

    /// <summary>Sum of its cross entropies over the positions at which it spoke.</summary>
    public double CrossEntropy { get; init; }

    /// <summary>What its alignment kept and lost.</summary>
    public AlignmentDiagnostics Alignment { get; init; }

    /// <summary>Mean cross entropy over the positions at which it spoke, in the unit of the measure.</summary>
    public double MeanCrossEntropy => Spoken > 0 ? CrossEntropy / Spoken : 0;

    /// <summary>The sums of two.</summary>
    public static SourceStatistics operator +(SourceStatistics left, SourceStatistics right) => new()
    {
        Spoken = left.Spoken + right.Spoken,
        Weight = left.Weight + right.Weight,
        CrossEntropy = left.CrossEntropy + right.CrossEntropy,
        Alignment = left.Alignment + right.Alignment,
    };

    /// <summary>The sums of two.</summary>
    public static SourceStatistics Add(SourceStatistics left, SourceStatistics right) => left + right;
}
