using Transfuse.Models.Layers;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>
/// Keys and values of one layer in a <see cref="KeyValueCache"/>, in rows of one head. Each sequence has a slot of consecutive rows: those of every key head's
/// tokens, then those of every value head's, so that attention reads a head's tokens side by side.
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
        _rows = device.Allocate(new Shape(checked(slots * 2 * heads * _slotRows), headSize));
    }

    /// <summary>Adds the keys and values of new tokens.</summary>
    /// <param name="tape">Owns the rows of a pass that do not fit into the cache.</param>
    /// <param name="heads">Keys and values of the batch's tokens.</param>
    /// <param name="added">The segments of the batch, as if all tokens were held, and the slot of each.</param>
    /// <returns>Rows that hold all that the new tokens see, and the segments over them.</returns>
    internal CachedHeads Append(Tape tape, in ProjectedHeads heads, ReadOnlySpan<(AttentionSegment Segment, int Slot)> added)
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

            return Heads(tape.Borrow(_rows), _slotRows, segments);
        }

        var beside = tape.Input(tape.Device.Allocate(new Shape(checked(2 * _heads * total), _headSize)));
        for (var i = 0; i < added.Length; i++)
        {
            AppendBeside(new Block(beside.Value, segments[i].KeyStart, total), heads, segments[i], added[i].Segment, added[i].Slot);
        }

        return Heads(beside, total, segments);
    }

    /// <summary>Makes <paramref name="to"/> hold what <paramref name="from"/> holds of a sequence of <paramref name="length"/> tokens.</summary>
    internal void CopySlot(int from, int to, int length)
    {
        _firstPositions[to] = _firstPositions[from];
        Copy(Slot(from), 0, Slot(to), 0, length - _firstPositions[from]);
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
        var (rows, past) = (Slot(slot), segment.KeyCount - segment.QueryCount);
        if (segment.KeyCount - _firstPositions[slot] > _slotRows)
        {
            var seen = Math.Min(past, _window - 1);
            Copy(rows, past - seen - _firstPositions[slot], rows, 0, seen);
            _firstPositions[slot] = past - seen;
        }

        var held = past - _firstPositions[slot];
        Write(heads, segment, rows, held);
        return segment with { KeyStart = rows.Start, KeyCount = held + segment.QueryCount };
    }

    private void AppendBeside(Block beside, in ProjectedHeads heads, in AttentionSegment seen, in AttentionSegment segment, int slot)
    {
        var (rows, past) = (Slot(slot), segment.KeyCount - segment.QueryCount);
        var earlier = seen.KeyCount - seen.QueryCount;
        Copy(rows, past - earlier - _firstPositions[slot], beside, 0, earlier);
        Write(heads, segment, beside, earlier);
        var kept = Math.Min(seen.KeyCount, _window - 1);
        Copy(beside, seen.KeyCount - kept, rows, 0, kept);
        _firstPositions[slot] = segment.KeyCount - kept;
    }

    private void Write(in ProjectedHeads heads, in AttentionSegment segment, Block destination, int firstToken)
    {
        var layout = heads.Layout;
        for (var i = 0; i < segment.QueryCount && !destination.Tensor.IsRehearsed; i++)
        {
            var key = heads.Key.Value.Row(segment.QueryStart + i);
            var value = heads.Value.Value.Row(segment.QueryStart + i);
            for (var head = 0; head < _heads; head++)
            {
                key.Slice(layout.Key.Offset + (head * layout.Key.Stride), _headSize).CopyTo(destination.Row(head, firstToken + i));
                value.Slice(layout.Value.Offset + (head * layout.Value.Stride), _headSize).CopyTo(destination.Row(_heads + head, firstToken + i));
            }
        }
    }

    private Block Slot(int slot) => new(_rows, slot * 2 * _heads * _slotRows, _slotRows);

    private CachedHeads Heads(Variable rows, int rowsOfHead, AttentionSegment[] segments)
    {
        var stride = checked(rowsOfHead * _headSize);
        return new CachedHeads(rows, new HeadLayout(0, stride), new HeadLayout(checked(_heads * stride), stride), segments);
    }

    /// <summary>Copies tokens of all heads; within a tensor from the first on, so to the front only or between slots.</summary>
    private void Copy(Block source, int from, Block destination, int to, int count)
    {
        for (var head = 0; head < 2 * _heads; head++)
        {
            for (var i = 0; i < count && !destination.Tensor.IsRehearsed; i++)
            {
                source.Row(head, from + i).CopyTo(destination.Row(head, to + i));
            }
        }
    }

    /// <summary>A sequence's rows: from <paramref name="Start"/> on those of the first head's tokens, and so many rows further on those of each other one.</summary>
    private readonly record struct Block(Tensor Tensor, int Start, int RowsOfHead)
    {
        internal Span<float> Row(int head, int token) => Tensor.Row(Start + (head * RowsOfHead) + token);
    }
}
