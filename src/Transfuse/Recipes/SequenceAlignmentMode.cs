namespace Transfuse.Recipes;

/// <summary>Which source position a target position takes its distribution from.</summary>
public enum SequenceAlignmentMode
{
    /// <summary>The one whose token ends at the same byte.</summary>
    Boundary,

    /// <summary>FuseLLM's dynamic time warping.</summary>
    DtwFuseLlm,

    /// <summary>FuseChat's dynamic time warping.</summary>
    DtwFuseChat,
}
