namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>
/// The tiles of one call, in chunks of consecutive tiles that are worth a task of their own: a long tile alone, or many short
/// documents together. It depends on the segments and the mask only.
/// </summary>
internal readonly unsafe struct AttentionPlan
{
    // Query-key pairs of one chunk, some tens of microseconds; a tile costs its pairs and this much for being set up.
    private const long ChunkPairs = 16384;
    private const long TilePairs = 1024;

    private readonly int* _chunkStarts;
    private readonly float* _slopes;

    private AttentionPlan(AttentionTile* tiles, int* chunkStarts, int chunkCount, float* slopes)
    {
        Tiles = tiles;
        _chunkStarts = chunkStarts;
        ChunkCount = chunkCount;
        _slopes = slopes;
    }

    /// <summary>The tiles, chunk after chunk.</summary>
    internal AttentionTile* Tiles { get; }

    internal int ChunkCount { get; }

    /// <summary>First tile of a chunk; of <see cref="ChunkCount"/>, the end.</summary>
    internal int ChunkStart(int chunk) => _chunkStarts[chunk];

    /// <summary>ALiBi slope of a query head, 0 without ALiBi.</summary>
    internal float Slope(int queryHead) => _slopes == null ? 0 : _slopes[queryHead];

    /// <summary>Memory that <see cref="Create"/> needs.</summary>
    internal static long SizeInBytes(AttentionOptions options, ReadOnlySpan<AttentionSegment> segments, int queriesPerTile)
    {
        long tiles = 0;
        foreach (var segment in segments)
        {
            tiles += TileCount(segment, queriesPerTile);
        }

        return (tiles * sizeof(AttentionTile)) + ((tiles + 1) * sizeof(int)) + ((long)(options.AlibiSlopes?.Count ?? 0) * sizeof(float));
    }

    /// <summary>Fills <paramref name="memory"/>.</summary>
    /// <param name="options">Masks and slopes.</param>
    /// <param name="segments">The documents.</param>
    /// <param name="queriesPerTile">Most queries of one tile; <see cref="int.MaxValue"/> keeps documents whole.</param>
    /// <param name="memory">At least <see cref="SizeInBytes"/>; must outlive the plan.</param>
    internal static AttentionPlan Create(
        AttentionOptions options, ReadOnlySpan<AttentionSegment> segments, int queriesPerTile, void* memory)
    {
        var mask = new AttentionMask(options);
        var tiles = (AttentionTile*)memory;
        var tileCount = FillTiles(segments, queriesPerTile, tiles);
        var chunkStarts = (int*)(tiles + tileCount);
        var chunkCount = 0;
        var pairs = 0L;
        for (var i = 0; i < tileCount; i++)
        {
            if (pairs == 0)
            {
                chunkStarts[chunkCount++] = i;
            }

            pairs += TilePairs + ((long)tiles[i].QueryCount * (mask.EndKey(tiles[i]) - mask.FirstKey(tiles[i])));
            pairs = pairs >= ChunkPairs ? 0 : pairs;
        }

        chunkStarts[chunkCount] = tileCount;
        return new AttentionPlan(tiles, chunkStarts, chunkCount, CopySlopes(options, (float*)(chunkStarts + tileCount + 1)));
    }

    private static int TileCount(in AttentionSegment segment, int queriesPerTile) =>
        Math.Max(1, (int)(((long)segment.QueryCount + queriesPerTile - 1) / queriesPerTile));

    private static int FillTiles(ReadOnlySpan<AttentionSegment> segments, int queriesPerTile, AttentionTile* tiles)
    {
        var count = 0;
        foreach (var segment in segments)
        {
            var whole = AttentionTile.Whole(segment);
            for (var tile = 0; tile < TileCount(segment, queriesPerTile); tile++)
            {
                tiles[count++] = whole.Queries(tile * queriesPerTile, queriesPerTile);
            }
        }

        return count;
    }

    private static float* CopySlopes(AttentionOptions options, float* destination)
    {
        if (options.AlibiSlopes is not { } slopes)
        {
            return null;
        }

        for (var head = 0; head < slopes.Count; head++)
        {
            destination[head] = slopes[head];
        }

        return destination;
    }
}
