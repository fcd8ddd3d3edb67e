namespace Transfuse.Alignment;

/// <summary>What happens when several source candidates become the same target token.</summary>
public enum DuplicatePolicy
{
    /// <summary>Their probabilities are added.</summary>
    Sum,

    /// <summary>The most probable is kept, the others are dropped (FuseLLM, FuseChat).</summary>
    First,
}
