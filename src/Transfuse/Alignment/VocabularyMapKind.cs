namespace Transfuse.Alignment;

/// <summary>How a source token becomes target tokens.</summary>
public enum VocabularyMapKind
{
    /// <summary>P(next target token | next source token), counted over shared byte boundaries of a reference text.</summary>
    Projection,

    /// <summary>The target token that begins the source token's bytes.</summary>
    Prefix,

    /// <summary>FuseLLM's EM: only pieces that both vocabularies spell alike.</summary>
    Exact,

    /// <summary>FuseLLM's MinED: the target piece of least edit distance.</summary>
    MinEdit,

    /// <summary>FuseChat's map from alignment statistics.</summary>
    Statistics,
}
