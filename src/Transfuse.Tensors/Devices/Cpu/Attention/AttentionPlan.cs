namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>
/// The tiles of one call, in chunks of consecutive tiles that are worth a task: a long tile alone, or many short documents together.
/// It depends on the segments and the options only.
/// </summary>
internal readonly unsafe struct AttentionPlan
{
    // Query-key pairs of one chunk, some tens of microseconds; a tile costs its pairs and this much for being set up.
    private const long ChunkPairs = 16384;
    private const long TilePairs = 1024;

    private readonly int* _chunkStarts;
    private readonly float* _slopes;
    private readonly bool _hasSlopes;
    private readonly int* _progress;
    private readonly int _keyValueHeads;

    private AttentionPlan(AttentionOptions options, AttentionTile* tiles, int tileCount)
    {
        Tiles = tiles;
        _chunkStarts = (int*)(tiles + tileCount);
        _slopes = (float*)(_chunkStarts + tileCount + 1);
        for (var head = 0; head < options.AlibiSlopes?.Count; head++)
        {
            _slopes[head] = options.AlibiSlopes[head];
        }

        _hasSlopes = options.AlibiSlopes is not null;
        _progress = (int*)(_slopes + (options.AlibiSlopes?.Count ?? 0));
        _keyValueHeads = options.KeyValueHeads;
        new Span<int>(_progress, checked(tileCount * _keyValueHeads)).Clear();
        var mask = new AttentionMask(options);
        var pairs = 0L;
        for (var i = 0; i < tileCount; i++)
        {
            if (pairs == 0)
            {
                _chunkStarts[ChunkCount++] = i;
            }

            pairs += TilePairs + ((long)tiles[i].QueryCount * (mask.EndKey(tiles[i]) - mask.FirstKey(tiles[i])));
            pairs = pairs >= ChunkPairs ? 0 : pairs;
        }

        _chunkStarts[ChunkCount] = tileCount;
    }

    /// <summary>The tiles, chunk after chunk.</summary>
    internal AttentionTile* Tiles { get; }

    internal int ChunkCount { get; }

    /// <summary>First tile of a chunk; of <see cref="ChunkCount"/>, the end.</summary>
    internal int ChunkStart(int chunk) => _chunkStarts[chunk];

    /// <summary>How many steps one key/value head of a tile has done: 0 at first, written by who does them, read by who waits for them.</summary>
    internal ref int Progress(int tile, int keyHead) => ref _progress[((long)tile * _keyValueHeads) + keyHead];

    /// <summary>ALiBi slope of a query head, 0 without ALiBi.</summary>
    internal float Slope(int queryHead) => _hasSlopes ? _slopes[queryHead] : 0;

    /// <summary>Memory that a plan needs.</summary>
    internal static long SizeInBytes(AttentionOptions options, long tileCount) =>
        (tileCount * (sizeof(AttentionTile) + ((1L + options.KeyValueHeads) * sizeof(int))))
        + sizeof(int) + ((long)(options.AlibiSlopes?.Count ?? 0) * sizeof(float));

    /// <summary>Number of parts of <paramref name="size"/> rows in all documents; an empty document is one part.</summary>
    internal static long CountParts(ReadOnlySpan<AttentionSegment> segments, int size, bool ofKeys)
    {
        long count = 0;
        foreach (var segment in segments)
        {
            count += PartCount(ofKeys ? segment.KeyCount : segment.QueryCount, size);
        }

        return count;
    }

    /// <summary>The plan of a forward pass: tiles of <see cref="AttentionTile.Size"/> queries. <paramref name="memory"/> must outlive it.</summary>
    internal static AttentionPlan OfQueries(AttentionOptions options, ReadOnlySpan<AttentionSegment> segments, void* memory)
    {
        var tiles = (AttentionTile*)memory;
        var count = 0;
        foreach (var segment in segments)
        {
            var whole = AttentionTile.Whole(segment);
            for (var part = 0; part < PartCount(segment.QueryCount, AttentionTile.Size); part++)
            {
                tiles[count++] = whole.Queries(part * AttentionTile.Size, AttentionTile.Size) with { Part = part };
            }
        }

        return new AttentionPlan(options, tiles, count);
    }

    /// <summary>
    /// The plan of a backward pass: whole documents, once for each block of <paramref name="blockSize"/> keys. The blocks of a document
    /// follow each other. <paramref name="memory"/> must outlive the plan.
    /// </summary>
    internal static AttentionPlan OfKeys(AttentionOptions options, ReadOnlySpan<AttentionSegment> segments, int blockSize, void* memory)
    {
        var tiles = (AttentionTile*)memory;
        var count = 0;
        foreach (var segment in segments)
        {
            var whole = AttentionTile.Whole(segment);
            for (var part = 0; part < PartCount(segment.KeyCount, blockSize); part++)
            {
                tiles[count++] = whole with { Part = part };
            }
        }

        return new AttentionPlan(options, tiles, count);
    }

    private static int PartCount(int rows, int size) => Math.Max(1, (int)(((long)rows + size - 1) / size));
}
