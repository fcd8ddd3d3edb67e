namespace Transfuse.Checkpoints;

/// <summary>Norms on queries and keys before they are rotated.</summary>
public enum QueryKeyNorm
{
    /// <summary>None.</summary>
    None,

    /// <summary>Each head is normalised by itself, all with the same weights.</summary>
    EachHead,

    /// <summary>All heads of a token together.</summary>
    AllHeads,
}
