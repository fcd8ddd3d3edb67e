namespace Transfuse.Alignment;

/// <summary>Which step the backtracking of dynamic time warping prefers among equal ones.</summary>
public enum TieOrder
{
    /// <summary>Diagonal, then the source steps back, then the target.</summary>
    FuseLlm,

    /// <summary>Diagonal, then the target steps back, then the source.</summary>
    FuseChat,
}
