namespace Transfuse.Fusion;

/// <summary>What a fusion did; add the documents' for a corpus.</summary>
public sealed record FusionStatistics
{
    /// <summary>Target positions seen.</summary>
    public long Positions { get; init; }

    /// <summary>Positions at which at least one source spoke.</summary>
    public long Fused { get; init; }

    /// <summary>Rest mass summed over the fused positions.</summary>
    public double RestMass { get; init; }

    /// <summary>Per source.</summary>
    public IReadOnlyList<SourceStatistics> Sources { get; init; } = [];

    /// <summary>Share of positions with a teacher.</summary>
    public double FusedShare => Positions > 0 ? (double)Fused / Positions : 0;

    /// <summary>Mean rest mass of a fused position.</summary>
    public double MeanRestMass => Fused > 0 ? RestMass / Fused : 0;

    /// <summary>A source's share of the fused positions' weight: under MinCE, how often it won.</summary>
    public double WinRate(int source) => Fused > 0 ? Sources[source].Weight / Fused : 0;

    /// <summary>The sums of this and another fusion of the same sources; one without sources counts as nothing.</summary>
    public FusionStatistics Add(FusionStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Sources.Count == 0 || other.Sources.Count == 0)
        {
            return Sources.Count == 0 ? other : this;
        }

        ArgumentOutOfRangeException.ThrowIfNotEqual(other.Sources.Count, Sources.Count, nameof(other));
        return new FusionStatistics
        {
            Positions = Positions + other.Positions,
            Fused = Fused + other.Fused,
            RestMass = RestMass + other.RestMass,
            Sources = [.. Sources.Zip(other.Sources, (left, right) => left + right)],
        };
    }
}
