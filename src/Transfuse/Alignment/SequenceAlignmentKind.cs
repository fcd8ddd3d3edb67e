namespace Transfuse.Alignment;

/// <summary>How a target position finds the source position whose prediction it receives.</summary>
public enum SequenceAlignmentKind
{
    /// <summary>Both tokens end at the same byte, so both models have read the same prefix. Exact, O(N + M).</summary>
    Boundary,

    /// <summary>FuseLLM's dynamic time warping over vocabulary pieces, with its equality test per position.</summary>
    DtwFuseLlm,

    /// <summary>FuseChat's dynamic time warping over decoded tokens, with its suffix test per position.</summary>
    DtwFuseChat,
}
