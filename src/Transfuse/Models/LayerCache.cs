using Transfuse.Models.Layers;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>
/// Keys and values of one layer in a <see cref="KeyValueCache"/>, rows of [2·heads·size]: all keys, then all values. Each sequence has a slot
/// of consecutive rows.
/// </summary>
/// <remarks>
/// A layer with a window W has slots for W − 1 earlier tokens, which is all that a new one sees, and some more. Tokens are written one after
/// the other; when the slot is full, the last W − 1 move to its front. So the tokens that attention sees lie side by side, and moving costs
/// little beside reading them. More tokens at once than fit are laid beside the slot for this pass, and the last W − 1 are kept.
/// </remarks>
internal sealed class LayerCache : IDisposable
{
    // Rows beyond the window, as a share of it and at least; each is a token between two moves.
    private const int SpareShare = 8;
    private const int FewestSpare = 8;

    private readonly Tensor _rows;
    private readonly int _heads;
    private readonly int _headSize;
    private readonly int _window;
    private readonly int _slotRows;

    // For each slot the position of the token in its first row.
    private readonly int[] _firstPositions;

    /// <param name="device">Where the rows lie.</param>
    /// <param name="heads">Key and value heads.</param>
    /// <param name="headSize">Elements of a head.</param>
    /// <param name="slots">Number of sequences.</param>
    /// <param name="capacity">Most tokens of a sequence.</param>
    /// <param name="window">Tokens that a token sees, itself included; 0 for all.</param>
    internal LayerCache(Device device, int heads, int headSize, int slots, int capacity, int window)
    {
        (_heads, _headSize) = (heads, headSize);
        var windowRows = (long)window + Math.Max(FewestSpare, window / SpareShare);
        _window = window > 0 && windowRows < capacity ? window : 0;
        _slotRows = _window > 0 ? (int)windowRows : capacity;
        _firstPositions = new int[slots];
        _rows = device.Allocate(new Shape(checked(slots * _slotRows), 2 * heads * headSize));
    }

    /// <summary>Where the keys lie in a row.</summary>
    internal HeadLayout KeyLayout => new(0, _headSize);

    /// <summary>Where the values lie in a row.</summary>
    internal HeadLayout ValueLayout => new(_heads * _headSize, _headSize);

    /// <summary>Adds the keys and values of new tokens.</summary>
    /// <param name="tape">Owns the rows of a pass that do not fit into the cache.</param>
    /// <param name="heads">Keys and values of the batch's tokens.</param>
    /// <param name="added">The segments of the batch, as if all tokens were held, and the slot of each.</param>
    /// <returns>Rows that hold all that the new tokens see, and the segments over them.</returns>
    internal (Variable Rows, AttentionSegment[] Segments) Append(Tape tape, in ProjectedHeads heads, ReadOnlySpan<(AttentionSegment Segment, int Slot)> added)
    {
        var segments = new AttentionSegment[added.Length];
        var total = 0;
        var fits = true;
        for (var i = 0; i < added.Length; i++)
        {
            var (segment, slot) = added[i];
            var seen = Seen(segment, slot);
            fits &= seen + segment.QueryCount <= _slotRows;
            segments[i] = segment with { KeyStart = total, KeyCount = seen + segment.QueryCount };
            total += segments[i].KeyCount;
        }

        if (fits)
        {
            for (var i = 0; i < added.Length; i++)
            {
                segments[i] = AppendInPlace(heads, added[i].Segment, added[i].Slot);
            }

            return (tape.Borrow(_rows), segments);
        }

        var beside = tape.Input(tape.Device.Allocate(new Shape(total, _rows.Columns)));
        for (var i = 0; i < added.Length; i++)
        {
            AppendBeside(beside.Value, heads, segments[i], added[i].Segment, added[i].Slot);
        }

        return (beside, segments);
    }

    /// <summary>Makes <paramref name="to"/> hold what <paramref name="from"/> holds of a sequence of <paramref name="length"/> tokens.</summary>
    internal void CopySlot(int from, int to, int length)
    {
        _firstPositions[to] = _firstPositions[from];
        Copy(_rows, from * _slotRows, to * _slotRows, length - _firstPositions[from]);
    }

    public void Dispose() => _rows.Dispose();

    /// <summary>Number of earlier tokens that the first new one sees, after a check that they are held.</summary>
    private int Seen(in AttentionSegment segment, int slot)
    {
        var past = segment.KeyCount - segment.QueryCount;
        if (past == 0)
        {
            _firstPositions[slot] = 0;
        }

        var seen = _window > 0 ? Math.Min(past, _window - 1) : past;
        return past - seen >= _firstPositions[slot]
            ? seen
            : throw new InvalidOperationException("The key/value cache holds tokens of a forward pass that failed; clear it before reading on.");
    }

    private AttentionSegment AppendInPlace(in ProjectedHeads heads, in AttentionSegment segment, int slot)
    {
        var (start, past) = (slot * _slotRows, segment.KeyCount - segment.QueryCount);
        if (segment.KeyCount - _firstPositions[slot] > _slotRows)
        {
            var seen = Math.Min(past, _window - 1);
            Copy(_rows, start + past - seen - _firstPositions[slot], start, seen);
            _firstPositions[slot] = past - seen;
        }

        var held = past - _firstPositions[slot];
        Write(heads, segment, _rows, start + held);
        return segment with { KeyStart = start, KeyCount = held + segment.QueryCount };
    }

    private void AppendBeside(Tensor beside, in ProjectedHeads heads, in AttentionSegment seen, in AttentionSegment segment, int slot)
    {
        var (start, past) = (slot * _slotRows, segment.KeyCount - segment.QueryCount);
        var earlier = seen.KeyCount - seen.QueryCount;
        Copy(_rows, start + past - earlier - _firstPositions[slot], beside, seen.KeyStart, earlier);
        Write(heads, segment, beside, seen.KeyStart + earlier);
        var kept = Math.Min(seen.KeyCount, _window - 1);
        Copy(beside, seen.KeyStart + seen.KeyCount - kept, _rows, start, kept);
        _firstPositions[slot] = segment.KeyCount - kept;
    }

    private void Write(in ProjectedHeads heads, in AttentionSegment segment, Tensor destination, int firstRow)
    {
        var layout = heads.Layout;
        for (var i = 0; i < segment.QueryCount && !destination.IsRehearsed; i++)
        {
            var row = destination.Row(firstRow + i);
            CopyHeads(heads.Key.Value.Row(segment.QueryStart + i), layout.Key, row, KeyLayout);
            CopyHeads(heads.Value.Value.Row(segment.QueryStart + i), layout.Value, row, ValueLayout);
        }
    }

    private void CopyHeads(ReadOnlySpan<float> source, HeadLayout from, Span<float> destination, HeadLayout to)
    {
        for (var head = 0; head < _heads; head++)
        {
            source.Slice(from.Offset + (head * from.Stride), _headSize).CopyTo(destination[(to.Offset + (head * to.Stride))..]);
        }
    }

    private static void Copy(Tensor tensor, int from, int to, int count) => Copy(tensor, from, tensor, to, count);

    /// <summary>Copies rows; within a tensor from the first on, so to the front only or between slots.</summary>
    private static void Copy(Tensor source, int from, Tensor destination, int to, int count)
    {
        for (var i = 0; i < count && !destination.IsRehearsed; i++)
        {
            source.Row(from + i).CopyTo(destination.Row(to + i));
        }
    }
}
