namespace Transfuse.Recipes;

/// <summary>What cross entropies of sources are measured per.</summary>
public enum FusionUnit
{
    /// <summary>Per byte, which compares different vocabularies fairly.</summary>
    Byte,

    /// <summary>Per token of the source, as in the papers.</summary>
    Token,
}
