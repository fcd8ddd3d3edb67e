namespace Transfuse.Recipes;

/// <summary>What one decision of the fusion covers.</summary>
public enum FusionGranularity
{
    /// <summary>The bytes around a position.</summary>
    Window,

    /// <summary>A document.</summary>
    Document,

    /// <summary>A packed block of training tokens, as in FuseLLM's code.</summary>
    Block,
}
