namespace Transfuse.Checkpoints;

/// <summary>Where the norms of a block are.</summary>
public enum NormPlacement
{
    /// <summary>On what attention and feed-forward part take.</summary>
    Before,

    /// <summary>On what they give, before it is added to the residual stream.</summary>
    After,

    /// <summary>On both.</summary>
    Both,
}
