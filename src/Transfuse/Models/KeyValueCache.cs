using Transfuse.Models.Layers;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>
/// Keys and values of the tokens that a model has read, for several sequences of unequal lengths, so that generating a token costs one
/// token's work. Made by <see cref="LanguageModel.CreateCache"/>.
/// </summary>
/// <remarks>
/// Layers with a window hold little more than the window (<see cref="LayerCache"/>). Keys are rotated already: where growing changes the rotation of
/// earlier tokens, as it does for each token beyond the original window with dynamic scaling, and once with LongRoPE, what is held is of no
/// use and the sequence is read again. So the cache never changes what a model gives. A pass that fails leaves it to be cleared. Not thread safe.
/// </remarks>
public sealed class KeyValueCache : IDisposable
{
    private readonly LayerCache[] _layers;
    private readonly List<int>[] _tokens;

    // Where each sequence's rows lie.
    private readonly int[] _slots;

    /// <param name="device">Where the rows lie.</param>
    /// <param name="windows">For each layer the tokens that a token sees, itself included; 0 for all.</param>
    /// <param name="heads">Key and value heads.</param>
    /// <param name="headSize">Elements of a head.</param>
    /// <param name="sequences">Number of sequences.</param>
    /// <param name="capacity">Most tokens of each.</param>
    internal KeyValueCache(Device device, IReadOnlyList<int> windows, int heads, int headSize, int sequences, int capacity)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sequences);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        Capacity = capacity;
        _tokens = [.. Enumerable.Range(0, sequences).Select(_ => new List<int>())];
        _slots = [.. Enumerable.Range(0, sequences)];
        _layers = new LayerCache[windows.Count];
        try
        {
            for (var layer = 0; layer < windows.Count; layer++)
            {
                _layers[layer] = new LayerCache(device, heads, headSize, sequences, capacity, windows[layer]);
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

            segments.Add(new AttentionSegment(ids.Count, added, checked(_slots[sequence] * Capacity), length));
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
            Array.ForEach(_layers, layer => layer.CopySlot(_slots[sequence], slot, _tokens[sequence].Count));
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

    /// <summary>Attention of a batch's tokens in one layer to all that they see, after their keys and values are added.</summary>
    internal Variable Attend(
        Tape tape, int layer, in ProjectedHeads heads, AttentionOptions options, ReadOnlySpan<AttentionSegment> segments, Variable? bias = null)
    {
        var added = new (AttentionSegment Segment, int Slot)[segments.Length];
        for (var i = 0; i < added.Length; i++)
        {
            added[i] = (segments[i], segments[i].KeyStart / Capacity);
        }

        var cached = _layers[layer].Append(tape, heads, added);
        return tape.Attention(
            heads.Query, heads.Layout.Query, cached.Rows, cached.Key, cached.Rows, cached.Value, options, cached.Segments, bias);
    }

    /// <summary>The sequence that a segment of <see cref="NextBatch"/> continues.</summary>
    internal int SequenceOf(in AttentionSegment segment) => Array.IndexOf(_slots, segment.KeyStart / Capacity);

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
}
