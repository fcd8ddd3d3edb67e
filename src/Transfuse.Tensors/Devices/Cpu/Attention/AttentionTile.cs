namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>Consecutive queries of one document and the keys of that document.</summary>
/// <param name="QueryRow">Row of the first query.</param>
/// <param name="QueryCount">Number of queries.</param>
/// <param name="Position">Position of the first query among the document's keys; negative where it precedes them all.</param>
/// <param name="KeyRow">Row of the document's first key.</param>
/// <param name="KeyCount">Number of the document's keys.</param>
/// <param name="Part">Which part of its document this is: of its queries in the forward pass, of its keys in the backward pass.</param>
internal readonly record struct AttentionTile(int QueryRow, int QueryCount, int Position, int KeyRow, int KeyCount, int Part)
{
    /// <summary>Most queries, and most keys, that are worked on at once.</summary>
    internal const int Size = 64;

    internal static AttentionTile Whole(in AttentionSegment segment) =>
        new(segment.QueryStart, segment.QueryCount, segment.KeyCount - segment.QueryCount, segment.KeyStart, segment.KeyCount, Part: 0);

    /// <summary><paramref name="limit"/> queries of this tile from <paramref name="start"/>, or as many as there are.</summary>
    internal AttentionTile Queries(int start, int limit) =>
        this with { QueryRow = QueryRow + start, QueryCount = Math.Min(limit, QueryCount - start), Position = Position + start };
}
