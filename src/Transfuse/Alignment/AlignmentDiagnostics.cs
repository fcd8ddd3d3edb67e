namespace Transfuse.Alignment;

/// <summary>What an alignment kept and lost; add the documents' for a corpus.</summary>
public readonly record struct AlignmentDiagnostics
{
    /// <summary>Target positions seen.</summary>
    public long Positions { get; init; }

    /// <summary>Positions fed by a source position.</summary>
    public long Aligned { get; init; }

    /// <summary>Positions that received a one-hot.</summary>
    public long OneHot { get; init; }

    /// <summary>Aligned positions of which nothing came through the map.</summary>
    public long Emptied { get; init; }

    /// <summary>Probability mass that the source stored, summed over aligned positions.</summary>
    public double StoredMass { get; init; }

    /// <summary>Part of <see cref="StoredMass"/> that arrived on target tokens.</summary>
    public double KeptMass { get; init; }

    /// <summary>Share of positions fed by the source.</summary>
    public double AlignedShare => Share(Aligned, Positions);

    /// <summary>Share of positions with a one-hot.</summary>
    public double OneHotShare => Share(OneHot, Positions);

    /// <summary>Mean mass on target tokens per aligned position.</summary>
    public double MeanKeptMass => Share(KeptMass, Aligned);

    /// <summary>Mean stored mass per aligned position that reached no target token.</summary>
    public double MeanUnmappedMass => Share(Math.Max(0, StoredMass - KeptMass), Aligned);

    /// <summary>The sums of two.</summary>
    public static AlignmentDiagnostics operator +(AlignmentDiagnostics left, AlignmentDiagnostics right) => new()
    {
        Positions = left.Positions + right.Positions,
        Aligned = left.Aligned + right.Aligned,
        OneHot = left.OneHot + right.OneHot,
        Emptied = left.Emptied + right.Emptied,
        StoredMass = left.StoredMass + right.StoredMass,
        KeptMass = left.KeptMass + right.KeptMass,
    };

    /// <summary>The sums of two.</summary>
    public static AlignmentDiagnostics Add(AlignmentDiagnostics left, AlignmentDiagnostics right) => left + right;

    private static double Share(double part, double whole) => whole > 0 ? part / whole : 0;
}
