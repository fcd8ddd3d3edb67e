namespace Transfuse.Recipes;

/// <summary>How a source token becomes target tokens.</summary>
public enum VocabularyMapMode
{
    /// <summary>P(target token | source token), counted over shared byte boundaries.</summary>
    Projection,

    /// <summary>The target token that begins the source token's bytes.</summary>
    Prefix,

    /// <summary>Only pieces that both vocabularies spell alike (FuseLLM's EM).</summary>
    Exact,

    /// <summary>The piece of least edit distance (FuseLLM's MinED).</summary>
    MinEdit,

    /// <summary>FuseChat's mapping statistics.</summary>
    Statistics,
}
