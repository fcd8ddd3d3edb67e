namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>
/// A learned bias by distance, spread out for one call: for each head the value of every distance that occurs, so that the kernels add
/// consecutive values to consecutive queries. It grows with the tokens of the longest document, not with their square.
/// </summary>
internal readonly unsafe struct DistanceBias
{
    // Vectors of queries read beyond the last one.
    private const int Padding = 16;

    private readonly float* _values;
    private readonly int* _buckets;
    private readonly nint _distances;
    private readonly int _first;

    /// <summary>Spreads <paramref name="table"/> [buckets, heads] out into <paramref name="memory"/>.</summary>
    internal DistanceBias(AttentionOptions options, Tensor table, ReadOnlySpan<AttentionSegment> segments, void* memory)
    {
        var buckets = options.RelativeBias!;
        (_first, _distances) = Range(segments);
        Count = buckets.Count;
        _buckets = (int*)memory;
        _values = (float*)(_buckets + _distances);
        for (var i = 0; i < _distances; i++)
        {
            _buckets[i] = buckets.Of(_first + i);
        }

        for (var head = 0; head < options.QueryHeads; head++)
        {
            var values = _values + (head * _distances);
            for (var i = 0; i < _distances; i++)
            {
                values[i] = table.Data[((nint)_buckets[i] * options.QueryHeads) + head];
            }
        }
    }

    /// <summary>Whether there is a bias.</summary>
    internal bool Exists => _values != null;

    /// <summary>Number of buckets.</summary>
    internal int Count { get; }

    /// <summary>The bias of one head, by distance (query − key); null without a bias.</summary>
    internal float* Of(int head) => Exists ? _values + (head * _distances) - _first : null;

    /// <summary>The bucket of a distance that occurs.</summary>
    internal int Bucket(int distance) => _buckets[distance - _first];

    /// <summary>Memory that the bias of a call needs; 0 without one.</summary>
    internal static long SizeInBytes(AttentionOptions options, ReadOnlySpan<AttentionSegment> segments) =>
        options.RelativeBias is null ? 0 : Range(segments).Count * (1L + options.QueryHeads) * sizeof(float);

    // The last query stands at the last key: distances run from 1 − queries to keys − 1.
    private static (int First, nint Count) Range(ReadOnlySpan<AttentionSegment> segments)
    {
        int queries = 1, keys = 1;
        foreach (var segment in segments)
        {
            queries = Math.Max(queries, segment.QueryCount);
            keys = Math.Max(keys, segment.KeyCount);
        }

        return (1 - queries, (nint)queries + keys - 1 + Padding);
    }
}
