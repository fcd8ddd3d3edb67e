using Transfuse.Checkpoints;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Context;

/// <summary>
/// Rotary positions of a model's layers: finds the table for a batch, in which every document is rotated as its own length demands. Owns the
/// tables that are worth keeping.
/// </summary>
public sealed class RotaryPositions : IDisposable
{
    private readonly Device _device;
    private readonly RopeParameters _rope;
    private readonly int _headSize;

    // By the length up to which they hold: 0 where length does not matter or the document is within the original window.
    private readonly Dictionary<int, RopeTable> _kept = [];

    /// <summary>Makes no table yet.</summary>
    /// <exception cref="ArgumentException">Frequencies cannot be computed.</exception>
    public RotaryPositions(Device device, RopeParameters rope, int headSize)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(rope);
        _device = device;
        _rope = rope;
        _headSize = headSize;
        _kept.Add(0, new RopeTable(device, RopeFrequencies.Create(rope, headSize)));
    }

    /// <summary>Whether the tokens of a document are rotated otherwise once it has grown from <paramref name="before"/> to <paramref name="after"/> tokens.</summary>
    public bool Changes(int before, int after) => _rope.DependsOnLength && before > 0 && RegimeOf(before) != RegimeOf(after);

    /// <summary>The table rows of a batch's tokens.</summary>
    /// <param name="tape">Owns tables that are made for this batch alone.</param>
    /// <param name="positions">Position of each token in its document.</param>
    /// <param name="segments">Which tokens form a document.</param>
    public RopeRows For(Tape tape, int[] positions, ReadOnlySpan<AttentionSegment> segments)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(positions);
        if (!_rope.DependsOnLength)
        {
            var (cos, sin) = _kept[0].AtLeast(LengthOf(positions));
            return new RopeRows(cos, sin, positions);
        }

        var lengths = new SortedDictionary<int, int>();
        foreach (var segment in segments)
        {
            var length = LengthOf(positions.AsSpan(segment.QueryStart, segment.QueryCount));
            var regime = RegimeOf(length);
            lengths[regime] = Math.Max(lengths.GetValueOrDefault(regime), length);
        }

        if (lengths.Count <= 1)
        {
            var (regime, length) = lengths.FirstOrDefault();
            var (cos, sin) = TableOf(tape, regime, length);
            return new RopeRows(cos, sin, positions);
        }

        return Stack(tape, positions, segments, lengths);
    }

    /// <summary>Releases the tables.</summary>
    public void Dispose()
    {
        foreach (var table in _kept.Values)
        {
            table.Dispose();
        }

        _kept.Clear();
    }

    private static int LengthOf(ReadOnlySpan<int> positions)
    {
        var last = -1;
        foreach (var position in positions)
        {
            last = Math.Max(last, position);
        }

        return last + 1;
    }

    /// <summary>Documents of one regime share a table: all within the original window, all beyond it, or, where the base follows the length, those of one length.</summary>
    private int RegimeOf(int length) => length <= _rope.OriginalMaxPositions ? 0
        : _rope.Type is RopeParameters.DynamicType ? length
        : _rope.OriginalMaxPositions + 1;

    private (Tensor Cos, Tensor Sin) TableOf(Tape tape, int regime, int length)
    {
        if (_rope.Type is RopeParameters.DynamicType && regime > 0)
        {
            // The next token has another base: not worth keeping.
            var (cos, sin) = RopeTable.Compute(_device, RopeFrequencies.Create(_rope, _headSize, length), length);
            return (tape.Input(cos).Value, tape.Input(sin).Value);
        }

        if (!_kept.TryGetValue(regime, out var table))
        {
            table = new RopeTable(_device, RopeFrequencies.Create(_rope, _headSize, length));
            _kept.Add(regime, table);
        }

        return table.AtLeast(length);
    }

    /// <summary>The tables of several regimes, one under the other.</summary>
    private RopeRows Stack(Tape tape, int[] positions, ReadOnlySpan<AttentionSegment> segments, SortedDictionary<int, int> lengths)
    {
        var starts = new Dictionary<int, int>();
        var total = 0;
        foreach (var (regime, length) in lengths)
        {
            starts.Add(regime, total);
            total += length;
        }

        var half = _rope.RotaryDimensions(_headSize) / 2;
        var cos = tape.Input(_device.Allocate(new Shape(total, half))).Value;
        var sin = tape.Input(_device.Allocate(new Shape(total, half))).Value;
        foreach (var (regime, length) in lengths)
        {
            var (regimeCos, regimeSin) = TableOf(tape, regime, length);
            for (var row = 0; row < length; row++)
            {
                regimeCos.Row(row).CopyTo(cos.Row(starts[regime] + row));
                regimeSin.Row(row).CopyTo(sin.Row(starts[regime] + row));
            }
        }

        var rows = new int[positions.Length];
        foreach (var segment in segments)
        {
            var own = positions.AsSpan(segment.QueryStart, segment.QueryCount);
            var start = starts[RegimeOf(LengthOf(own))];
            for (var i = 0; i < own.Length; i++)
            {
                rows[segment.QueryStart + i] = start + own[i];
            }
        }

        return new RopeRows(cos, sin, rows);
    }
}
