using System.Numerics;

namespace Transfuse.Alignment;

/// <summary>
/// FuseLLM's MinED: a source token stands for the target token of equal piece, or else of least edit distance, the lowest id among equals.
/// Space marks count as characters here.
/// </summary>
/// <remarks>
/// Target pieces are visited in buckets of length, nearest first, until the difference of lengths alone exceeds the best distance; within
/// a bucket a 64-bit signature of the characters bounds the distance from below: each character of one side that the other lacks costs at least one edit.
/// </remarks>
public static class MinEditMap
{
    /// <summary>Builds the map; the result does not depend on the number of threads.</summary>
    /// <param name="source">The source's vocabulary.</param>
    /// <param name="target">The target's vocabulary.</param>
    /// <param name="mapSpecials">Whether BOS and EOS are mapped by role; false as in FuseLLM.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    public static VocabularyMap Build(
        PieceVocabulary source, PieceVocabulary target, bool mapSpecials = true, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        var targetOf = ExactMap.TargetOf(source, target);
        var missing = Enumerable.Range(0, source.Size).Where(id => targetOf[id] < 0 && source.Piece(id) is not null).ToArray();
        var buckets = Buckets(target);
        Parallel.ForEach(
            missing,
            new ParallelOptions { CancellationToken = cancellationToken },
            () => new EditDistance(),
            (id, _, distance) =>
            {
                targetOf[id] = Nearest(EditDistance.CodePoints(source.PieceWith(id, target.Marker)!), buckets, distance);
                return distance;
            },
            _ => { });
        if (mapSpecials)
        {
            SpecialRoles.Apply(source.BosId, source.EosId, target.BosId, target.EosId, targetOf);
        }

        return VocabularyMap.OneToOne(VocabularyMapKind.MinEdit, source.Hash, target.Hash, target.Size, targetOf);
    }

    /// <summary>Target pieces by number of code points; within a bucket ids ascend.</summary>
    private static Candidate[][] Buckets(PieceVocabulary target)
    {
        var buckets = new List<List<Candidate>>();
        for (var id = 0; id < target.Size; id++)
        {
            if (target.Piece(id) is { } piece)
            {
                var text = EditDistance.CodePoints(piece);
                while (buckets.Count <= text.Length)
                {
                    buckets.Add([]);
                }

                buckets[text.Length].Add(new Candidate(id, text, Signature(text)));
            }
        }

        return [.. buckets.Select(bucket => bucket.ToArray())];
    }

    private static int Nearest(int[] pattern, Candidate[][] buckets, EditDistance distance)
    {
        var signature = Signature(pattern);
        var (bestId, best) = (-1, int.MaxValue);
        distance.SetPattern(pattern);
        for (var difference = 0; difference <= best && difference < Math.Max(buckets.Length, pattern.Length + 1); difference++)
        {
            Visit(pattern.Length - difference);
            if (difference > 0)
            {
                Visit(pattern.Length + difference);
            }
        }

        return bestId;

        void Visit(int length)
        {
            if ((uint)length >= (uint)buckets.Length)
            {
                return;
            }

            foreach (var candidate in buckets[length])
            {
                var bound = Math.Max(
                    BitOperations.PopCount(signature & ~candidate.Signature), BitOperations.PopCount(candidate.Signature & ~signature));
                if (bound > best || (bound == best && candidate.Id > bestId))
                {
                    continue;
                }

                var found = distance.To(candidate.Text);
                if (found < best || (found == best && candidate.Id < bestId))
                {
                    (bestId, best) = (candidate.Id, found);
                }
            }
        }
    }

    private static ulong Signature(int[] text)
    {
        var signature = 0UL;
        foreach (var codePoint in text)
        {
            // Multiplication spreads neighbouring code points over the 64 bits (Knuth's golden-ratio hash).
            signature |= 1UL << (int)(((uint)codePoint * 0x9E3779B1u) >> 26);
        }

        return signature;
    }

    private readonly record struct Candidate(int Id, int[] Text, ulong Signature);
}
