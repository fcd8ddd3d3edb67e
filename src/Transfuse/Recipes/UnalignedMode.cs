namespace Transfuse.Recipes;

/// <summary>What a target position without a counterpart receives.</summary>
public enum UnalignedMode
{
    /// <summary>No teacher term.</summary>
    Mask,

    /// <summary>All mass on the next token of the text (FuseChat).</summary>
    Next,

    /// <summary>All mass on the token just read (FuseLLM's off-by-one; for compatibility).</summary>
    Current,

    /// <summary>The base model's own distribution.</summary>
    Base,
}
