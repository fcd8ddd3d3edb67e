using Transfuse.Models.Layers;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>
/// Keys and values of the tokens that a model has read, for several sequences of unequal lengths, so that generating a token costs one
/// token's work. Made by <see cref="LanguageModel.CreateCache"/>.
/// </summary>
/// <remarks>
/// One tensor a layer, [sequences·capacity, 2·heads·size]: a row holds all keys, then all values. Keys are rotated already, unless
/// every further token turns all of them otherwise (dynamic scaling): then they are rotated anew at each reading. A sequence that outgrows
/// one table of rotations for good (LongRoPE) is read again. Not thread safe.
/// </remarks>
public sealed class KeyValueCache : IDisposable
{
    private readonly Tensor[] _layers;
    private readonly List<int>[] _tokens;

    // Where each sequence's rows lie, counted in capacities.
    private readonly int[] _slots;
    private readonly int _heads;
    private readonly int _headSize;

    internal KeyValueCache(Device device, int layers, int heads, int headSize, int sequences, int capacity)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sequences);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        Capacity = capacity;
        _heads = heads;
        _headSize = headSize;
        _tokens = [.. Enumerable.Range(0, sequences).Select(_ => new List<int>())];
        _slots = [.. Enumerable.Range(0, sequences)];
        _layers = new Tensor[layers];
        try
        {
            for (var layer = 0; layer < layers; layer++)
            {
                _layers[layer] = device.Allocate(new Shape(checked(sequences * capacity), 2 * heads * headSize));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Most tokens of one sequence.</summary>
    public int Capacity { get; }

    /// <summary>Number of tokens that each sequence holds.</summary>
    public IReadOnlyList<int> Lengths => Array.ConvertAll(_tokens, tokens => tokens.Count);

    /// <summary>Where the keys lie in a row.</summary>
    internal HeadLayout KeyLayout => new(0, _headSize);

    /// <summary>Where the values lie in a row.</summary>
    internal HeadLayout ValueLayout => new(_heads * _headSize, _headSize);

    /// <summary>The batch that continues each sequence with the given tokens; an empty list leaves a sequence out.</summary>
    /// <exception cref="ArgumentException">There are more or fewer lists than sequences, or a sequence would outgrow the capacity.</exception>
    public TokenBatch NextBatch(IReadOnlyList<IReadOnlyList<int>> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        if (tokens.Count != _tokens.Length)
        {
            throw new ArgumentException($"The cache holds {_tokens.Length} sequences, got tokens for {tokens.Count}.", nameof(tokens));
        }

        var ids = new List<int>();
        var positions = new List<int>();
        var segments = new List<AttentionSegment>();
        for (var sequence = 0; sequence < tokens.Count; sequence++)
        {
            var added = tokens[sequence].Count;
            var length = _tokens[sequence].Count + added;
            if (length > Capacity)
            {
                throw new ArgumentException($"Sequence {sequence} would have {length} tokens, the cache has room for {Capacity}.", nameof(tokens));
            }

            if (added == 0)
            {
                continue;
            }

            segments.Add(new AttentionSegment(ids.Count, added, _slots[sequence] * Capacity, length));
            ids.AddRange(tokens[sequence]);
            positions.AddRange(Enumerable.Range(_tokens[sequence].Count, added));
        }

        return new TokenBatch([.. ids], [.. positions], [.. segments]);
    }

    /// <summary>Lets sequence i go on from what sequence <paramref name="parents"/>[i] holds (beam search). Only what is wanted twice is copied.</summary>
    /// <exception cref="ArgumentException">There are more or fewer parents than sequences.</exception>
    public void Reorder(ReadOnlySpan<int> parents)
    {
        if (parents.Length != _tokens.Length)
        {
            throw new ArgumentException($"The cache holds {_tokens.Length} sequences, got {parents.Length} parents.", nameof(parents));
        }

        int[] slots = [.. _slots];
        int[][] tokens = Array.ConvertAll(_tokens, held => held.ToArray());
        var free = new SortedSet<int>(slots);
        var copied = new List<int>();
        for (var sequence = 0; sequence < parents.Length; sequence++)
        {
            var slot = slots[parents[sequence]];
            _slots[sequence] = slot;
            _tokens[sequence] = [.. tokens[parents[sequence]]];
            if (!free.Remove(slot))
            {
                copied.Add(sequence);
            }
        }

        foreach (var sequence in copied)
        {
            var slot = free.Min;
            free.Remove(slot);
            CopySlot(_slots[sequence], slot, _tokens[sequence].Count);
            _slots[sequence] = slot;
        }
    }

    /// <summary>Forgets all tokens.</summary>
    public void Clear() => Array.ForEach(_tokens, tokens => tokens.Clear());

    /// <summary>Releases the memory.</summary>
    public void Dispose()
    {
        foreach (var layer in _layers)
        {
            // Null where the memory limit ended the constructor.
            layer?.Dispose();
        }
    }

    /// <summary>Copies keys and values of new tokens behind the old ones and returns the layer's tensor, which the cache keeps.</summary>
    internal Tensor Append(int layer, in ProjectedHeads heads, ReadOnlySpan<AttentionSegment> segments)
    {
        var layout = heads.Layout;
        var cached = _layers[layer];
        if (cached.IsRehearsed)
        {
            // Copying would take the memory that is only to be counted.
            return cached;
        }

        foreach (var segment in segments)
        {
            var first = segment.KeyStart + segment.KeyCount - segment.QueryCount;
            for (var i = 0; i < segment.QueryCount; i++)
            {
                var destination = cached.Row(first + i);
                CopyHeads(heads.Key.Value.Row(segment.QueryStart + i), layout.Key, destination, KeyLayout);
                CopyHeads(heads.Value.Value.Row(segment.QueryStart + i), layout.Value, destination, ValueLayout);
            }
        }

        return cached;
    }

    /// <summary>Copies rows of keys and values that lie side by side from <paramref name="firstColumn"/> on, as the cache has them.</summary>
    internal Tensor AppendRows(int layer, Tensor projected, int firstColumn, ReadOnlySpan<AttentionSegment> segments)
    {
        var cached = _layers[layer];
        if (cached.IsRehearsed)
        {
            return cached;
        }

        foreach (var segment in segments)
        {
            var first = segment.KeyStart + segment.KeyCount - segment.QueryCount;
            for (var i = 0; i < segment.QueryCount; i++)
            {
                projected.Row(segment.QueryStart + i).Slice(firstColumn, cached.Columns).CopyTo(cached.Row(first + i));
            }
        }

        return cached;
    }

    /// <summary>The sequence that a segment of <see cref="NextBatch"/> continues.</summary>
    internal int SequenceOf(in AttentionSegment segment) => Array.IndexOf(_slots, segment.KeyStart / Capacity);

    /// <summary>Copies the rows of all segments' keys one after the other, and returns the segments over that copy.</summary>
    internal static AttentionSegment[] Gather(Tensor stored, Tensor copy, ReadOnlySpan<AttentionSegment> segments)
    {
        var moved = new AttentionSegment[segments.Length];
        var start = 0;
        for (var i = 0; i < segments.Length; i++)
        {
            moved[i] = segments[i] with { KeyStart = start };
            for (var key = 0; key < segments[i].KeyCount && !copy.IsRehearsed; key++)
            {
                stored.Row(segments[i].KeyStart + key).CopyTo(copy.Row(start++));
            }
        }

        return moved;
    }

    /// <summary>
    /// The batch, in which sequences whose growth makes what is held of them useless are read again from their first token; the batch
    /// itself if there are none.
    /// </summary>
    /// <param name="batch">What <see cref="NextBatch"/> gave.</param>
    /// <param name="spoils">Whether growing from one length to another does.</param>
    internal TokenBatch WithSequencesToReadAgain(TokenBatch batch, Func<int, int, bool> spoils)
    {
        bool Spoils(AttentionSegment segment) => spoils(segment.KeyCount - segment.QueryCount, segment.KeyCount);
        if (!batch.Segments.Any(Spoils))
        {
            return batch;
        }

        var ids = new List<int>();
        var positions = new List<int>();
        var segments = new List<AttentionSegment>();
        foreach (var segment in batch.Segments)
        {
            int[] held = Spoils(segment) ? [.. _tokens[SequenceOf(segment)]] : [];
            segments.Add(segment with { QueryStart = ids.Count, QueryCount = held.Length + segment.QueryCount });
            ids.AddRange(held);
            ids.AddRange(batch.Ids.AsSpan(segment.QueryStart, segment.QueryCount));
            positions.AddRange(Enumerable.Range(segment.KeyCount - segments[^1].QueryCount, segments[^1].QueryCount));
        }

        return new TokenBatch([.. ids], [.. positions], [.. segments]);
    }

    /// <summary>Notes the tokens of a batch that all layers have read.</summary>
    internal void Advance(TokenBatch batch)
    {
        foreach (var segment in batch.Segments)
        {
            var tokens = _tokens[SequenceOf(segment)];
            tokens.RemoveRange(segment.KeyCount - segment.QueryCount, tokens.Count - (segment.KeyCount - segment.QueryCount));
            tokens.AddRange(batch.Ids.AsSpan(segment.QueryStart, segment.QueryCount));
        }
    }

    private void CopySlot(int from, int to, int length)
    {
        foreach (var layer in _layers)
        {
            for (var i = 0; i < length; i++)
            {
                layer.Row((from * Capacity) + i).CopyTo(layer.Row((to * Capacity) + i));
            }
        }
    }

    private void CopyHeads(ReadOnlySpan<float> source, HeadLayout from, Span<float> destination, HeadLayout to)
    {
        for (var head = 0; head < _heads; head++)
        {
            source.Slice(from.Offset + (head * from.Stride), _headSize).CopyTo(destination[(to.Offset + (head * to.Stride))..]);
        }
    }
}
