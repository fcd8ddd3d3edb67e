namespace Transfuse.Checkpoints;

/// <summary>Top-level keys of rotary positions, which differ between architectures.</summary>
/// <param name="Theta">Key of the base.</param>
/// <param name="PartialFactor">Key of the rotated share of a head.</param>
internal sealed record RopeKeys(string Theta, string PartialFactor)
{
    internal const string OriginalMaxPositions = "original_max_position_embeddings";

    /// <summary>The scaling that the type <c>yarn</c> stands for.</summary>
    internal string YarnMeans { get; private init; } = RopeParameters.YarnType;

    internal static RopeKeys Common { get; } = new("rope_theta", "partial_rotary_factor");

    /// <summary>Phi-3's first long files call its own scaling yarn.</summary>
    internal static RopeKeys Phi3 { get; } = Common with { YarnMeans = RopeParameters.LongRopeType };

    internal static RopeKeys GptNeoX { get; } = new("rotary_emb_base", "rotary_pct");
}
