namespace Transfuse.Alignment;

/// <summary>
/// Target position i uses source position j iff both tokens end at the same byte: both models then predict from the same prefix. Where
/// several tokens of a side end at one byte (BOS at 0, an EOS after the last token), the n-th of one side meets the n-th of the other,
/// so BOS meets BOS and EOS meets EOS. One pass over both, O(N + M), symmetric.
/// </summary>
public sealed class BoundaryAligner : SequenceAligner
{
    /// <inheritdoc/>
    public override void Align(TokenSequence target, TokenSequence source, Span<int> rows)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNotEqual(rows.Length, target.Count, nameof(rows));
        Align(target.Ends, source.Ends, rows);
    }

    /// <summary>The same on byte offsets alone.</summary>
    internal static void Align(ReadOnlySpan<int> targetEnds, ReadOnlySpan<int> sourceEnds, Span<int> rows)
    {
        var j = 0;
        for (var i = 0; i < targetEnds.Length; i++)
        {
            while (j < sourceEnds.Length && sourceEnds[j] < targetEnds[i])
            {
                j++;
            }

            // A match consumes its source position, which pairs equal ends one by one.
            rows[i] = j < sourceEnds.Length && sourceEnds[j] == targetEnds[i] ? j++ : Unaligned;
        }
    }
}
