namespace Transfuse.Tensors.Devices;

/// <summary>
/// One document: its queries see its keys and no others. The last query stands at the position of the last key, so with fewer
/// queries than keys (a key/value cache) query i is at position <c>KeyCount − QueryCount + i</c>.
/// </summary>
/// <param name="QueryStart">First row of the queries.</param>
/// <param name="QueryCount">Number of query rows.</param>
/// <param name="KeyStart">First row of the keys and values.</param>
/// <param name="KeyCount">Number of key rows.</param>
public readonly record struct AttentionSegment(int QueryStart, int QueryCount, int KeyStart, int KeyCount)
{
    /// <summary>Self-attention over <paramref name="count"/> rows from <paramref name="start"/>.</summary>
    public static AttentionSegment Self(int start, int count) => new(start, count, start, count);
}
