using Transfuse.Alignment;
using Transfuse.Distributions;

namespace Transfuse.Fusion;

/// <summary>One source's contribution to one document.</summary>
/// <param name="Targets">Its distributions at the target's positions.</param>
/// <param name="TokenEnds">Byte at which each of the source's own tokens ends.</param>
/// <param name="GoldLogProbabilities">At position i the log-probability (nats) that the source gave its own token i + 1.</param>
public sealed record FusionSource(AlignedDocument Targets, int[] TokenEnds, float[] GoldLogProbabilities)
{
    /// <summary>The contribution of a source from its record and its aligned form.</summary>
    public static FusionSource From(DocumentDistributions document, AlignedDocument aligned)
    {
        ArgumentNullException.ThrowIfNull(document);
        return new FusionSource(aligned, document.TokenEnds, document.GoldLogProbabilities);
    }
}
