namespace Transfuse.Alignment;

/// <summary>How a source's distributions are brought to the target's positions and vocabulary.</summary>
public sealed record AlignmentOptions
{
    /// <summary>FuseLLM with exact match: quirks included (current-token one-hot, first duplicate, top k renormalised).</summary>
    public static AlignmentOptions FuseLlmExact { get; } = new()
    {
        Sequence = SequenceAlignmentKind.DtwFuseLlm,
        Vocabulary = VocabularyMapKind.Exact,
        Fallback = UnalignedFallback.Current,
        Duplicates = DuplicatePolicy.First,
        Rest = RestPolicy.Renormalise,
        MaximumEntries = int.MaxValue,
        MapSpecials = false,
    };

    /// <summary>FuseLLM with least edit distance, its published setting.</summary>
    public static AlignmentOptions FuseLlmMinEdit { get; } = FuseLlmExact with { Vocabulary = VocabularyMapKind.MinEdit };

    /// <summary>FuseChat with mapping statistics, its published setting.</summary>
    public static AlignmentOptions FuseChat { get; } = FuseLlmExact with
    {
        Sequence = SequenceAlignmentKind.DtwFuseChat,
        Vocabulary = VocabularyMapKind.Statistics,
        Fallback = UnalignedFallback.Next,
    };

    /// <summary>Sequence level.</summary>
    public SequenceAlignmentKind Sequence { get; init; } = SequenceAlignmentKind.Boundary;

    /// <summary>Vocabulary level.</summary>
    public VocabularyMapKind Vocabulary { get; init; } = VocabularyMapKind.Projection;

    /// <summary>What an unaligned position receives.</summary>
    public UnalignedFallback Fallback { get; init; } = UnalignedFallback.Mask;

    /// <summary>What becomes of candidates that meet in one target token.</summary>
    public DuplicatePolicy Duplicates { get; init; } = DuplicatePolicy.Sum;

    /// <summary>What becomes of the mass outside the kept tokens.</summary>
    public RestPolicy Rest { get; init; } = RestPolicy.Bucket;

    /// <summary>
    /// Temperature T of the teacher, &gt; 0. The stored distribution is one over k tokens and the bucket of all others; T acts on it as
    /// it stands, p ↦ p^(1/T) / Σ, the bucket counting as one outcome (under <see cref="RestPolicy.Renormalise"/> it takes no part).
    /// It acts in the source's vocabulary, before the map.
    /// </summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Whether BOS and EOS are mapped by role in the piece maps (exact, least edit distance); the other maps always do.</summary>
    public bool MapSpecials { get; init; } = true;

    /// <summary>Most entries kept per position; the least probable beyond it go to the rest.</summary>
    public int MaximumEntries { get; init; } = 32;

    /// <summary>
    /// Whether values and probabilities are rounded to bfloat16 as in the papers' collators. Only with <see cref="RestPolicy.Renormalise"/>;
    /// the inputs may then be plain logits.
    /// </summary>
    public bool RoundToBFloat16 { get; init; }
}
