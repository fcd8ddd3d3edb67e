using System.Numerics;

namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>A range of whole numbers.</summary>
/// <param name="Start">First number.</param>
/// <param name="Stop">Bound, which does not belong to it.</param>
/// <param name="Step">Distance, not 0.</param>
internal sealed record RangeValue(BigInteger Start, BigInteger Stop, BigInteger Step)
{
    // The sandbox's MAX_RANGE.
    private const int MaxCount = 100_000;

    /// <summary>Number of numbers.</summary>
    internal int Count { get; } = CountOf(Start, Stop, Step);

    /// <summary>The number at a place.</summary>
    internal object At(int index) => Start + (Step * index);

    /// <summary>The numbers.</summary>
    internal IEnumerable<object> Items()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return At(i);
        }
    }

    private static int CountOf(BigInteger start, BigInteger stop, BigInteger step)
    {
        if (step.IsZero)
        {
            throw TemplateFault.Value("range() arg 3 must not be zero");
        }

        var distance = step.Sign > 0 ? stop - start : start - stop;
        var count = distance.Sign <= 0 ? BigInteger.Zero : ((distance - 1) / BigInteger.Abs(step)) + 1;
        return count <= MaxCount
            ? (int)count
            : throw new TemplateFault("OverflowError", $"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MaxCount}).");
    }
}
