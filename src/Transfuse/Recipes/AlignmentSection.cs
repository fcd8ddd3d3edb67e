using Transfuse.Recipes.Keys;

namespace Transfuse.Recipes;

/// <summary>How a source's distributions are brought to the target's positions and vocabulary.</summary>
public sealed record AlignmentSection
{
    /// <summary>Which source position a target position takes its distribution from.</summary>
    public SequenceAlignmentMode Sequence { get; init; } = SequenceAlignmentMode.Boundary;

    /// <summary>How a source token becomes target tokens.</summary>
    public VocabularyMapMode Vocabulary { get; init; } = VocabularyMapMode.Projection;

    /// <summary>What a position without a counterpart receives.</summary>
    public UnalignedMode Fallback { get; init; } = UnalignedMode.Mask;

    /// <summary>What becomes of candidates that meet in one target token.</summary>
    public DuplicateMode Duplicates { get; init; } = DuplicateMode.Sum;

    /// <summary>Most entries kept per position; the least probable beyond it go to the rest.</summary>
    public int MaximumEntries { get; init; } = 32;

    internal static SectionSchema<AlignmentSection> Schema { get; } = new SectionSchema<AlignmentSection>("How a source's distributions are brought to the target's positions and vocabulary.")
        .Key("sequence", Values.Choice<SequenceAlignmentMode>(), s => s.Sequence, (s, v) => s with { Sequence = v }, "Counterpart of a target position: shared byte boundaries, or the time warping of FuseLLM or FuseChat.")
        .Key("vocabulary", Values.Choice<VocabularyMapMode>(), s => s.Vocabulary, (s, v) => s with { Vocabulary = v }, "How a source token becomes target tokens.")
        .Key("fallback", Values.Choice<UnalignedMode>(), s => s.Fallback, (s, v) => s with { Fallback = v }, "What a position without a counterpart receives.")
        .Key("duplicates", Values.Choice<DuplicateMode>(), s => s.Duplicates, (s, v) => s with { Duplicates = v }, "What becomes of candidates that meet in one target token.")
        .Key("maximum_entries", Values.Integer(1), s => s.MaximumEntries, (s, v) => s with { MaximumEntries = v }, "Most entries kept per position; the least probable beyond it go to the rest.");
}
