namespace Transfuse.Alignment;

/// <summary>What happens to the mass that no kept target token carries: the source's own tail and what could not be mapped.</summary>
public enum RestPolicy
{
    /// <summary>It stays one bucket "all other tokens" (loss term −r·log(1 − Q)).</summary>
    Bucket,

    /// <summary>The kept probabilities are scaled to sum 1 (FuseLLM, FuseChat).</summary>
    Renormalise,

    /// <summary>It is forgotten; the kept probabilities sum to less than 1.</summary>
    Drop,
}
