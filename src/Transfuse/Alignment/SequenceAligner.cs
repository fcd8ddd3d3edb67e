namespace Transfuse.Alignment;

/// <summary>
/// Sequence level of the alignment: which source position's prediction each target position receives. Instances may own scratch
/// memory: not thread safe, one per worker.
/// </summary>
public abstract class SequenceAligner
{
    /// <summary>Marks a target position that no source position feeds.</summary>
    public const int Unaligned = -1;

    /// <summary>Marks a target position that is to take the base model's own distribution.</summary>
    public const int Empty = -2;

    /// <summary>Writes for every target position a source position, <see cref="Unaligned"/> or <see cref="Empty"/>.</summary>
    /// <param name="target">The text as the target tokenises it.</param>
    /// <param name="source">The same text as the source tokenises it.</param>
    /// <param name="rows">One entry per target position.</param>
    public abstract void Align(TokenSequence target, TokenSequence source, Span<int> rows);
}
