namespace Transfuse.Recipes;

/// <summary>What becomes of the mass that no kept token carries.</summary>
public enum RestMode
{
    /// <summary>One bucket for all other tokens.</summary>
    Bucket,

    /// <summary>The kept probabilities are scaled to sum 1 (FuseLLM, FuseChat).</summary>
    Renormalise,

    /// <summary>It is forgotten.</summary>
    Drop,
}
