namespace Transfuse.Recipes;

/// <summary>What becomes of candidates that meet in one target token.</summary>
public enum DuplicateMode
{
    /// <summary>Their probabilities are added.</summary>
    Sum,

    /// <summary>The most probable is kept (FuseLLM, FuseChat).</summary>
    First,
}
