namespace Transfuse.Alignment;

/// <summary>What a target position without aligned source position receives.</summary>
public enum UnalignedFallback
{
    /// <summary>No teacher: the position carries no fusion term.</summary>
    Mask,

    /// <summary>All mass on the next token of the text (FuseChat; the last position repeats the last token).</summary>
    Next,

    /// <summary>All mass on the token just read: FuseLLM's off-by-one, for compatibility only.</summary>
    Current,

    /// <summary>Left empty, to be filled with the base model's own distribution.</summary>
    Base,
}
