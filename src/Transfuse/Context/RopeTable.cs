using System.Numerics;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;

namespace Transfuse.Context;

/// <summary>Cosines and sines of every position seen so far, [positions, dimensions/2] each. Owns them; grows by doubling.</summary>
public sealed class RopeTable : IDisposable
{
    private const int SmallestTable = 64;
    private readonly Device _device;
    private readonly RopeFrequencies _frequencies;

    // A tape that has not run backwards yet may still hold an outgrown table; all of them together are smaller than the current one.
    private readonly List<(Tensor Cos, Tensor Sin)> _tables = [];

    /// <summary>Makes an empty table.</summary>
    public RopeTable(Device device, RopeFrequencies frequencies)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(frequencies);
        _device = device;
        _frequencies = frequencies;
    }

    /// <summary>Tables that hold at least positions 0 to <paramref name="positions"/> − 1. They stay valid until the table is disposed.</summary>
    public (Tensor Cos, Tensor Sin) AtLeast(int positions)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(positions);
        if (_tables.Count == 0 || _tables[^1].Cos.Rows < positions)
        {
            _tables.Add(Compute(_device, _frequencies, (int)Math.Min(Array.MaxLength, BitOperations.RoundUpToPowerOf2((uint)Math.Max(positions, SmallestTable)))));
        }

        return _tables[^1];
    }

    /// <summary>Releases all tables.</summary>
    public void Dispose()
    {
        foreach (var (cos, sin) in _tables)
        {
            cos.Dispose();
            sin.Dispose();
        }

        _tables.Clear();
    }

    /// <summary>Tables of exactly <paramref name="positions"/> rows, which the caller disposes.</summary>
    internal static (Tensor Cos, Tensor Sin) Compute(Device device, RopeFrequencies frequencies, int positions)
    {
        var half = frequencies.Inverse.Count;
        var cos = device.Allocate(new Shape(positions, half));
        var sin = device.Allocate(new Shape(positions, half));
        for (var position = 0; position < positions; position++)
        {
            var cosRow = cos.Row(position);
            var sinRow = sin.Row(position);
            for (var j = 0; j < half; j++)
            {
                // The product is rounded to float32 as in transformers: at large positions an exact angle would be another one.
                var angle = frequencies.Inverse[j] * position;
                cosRow[j] = (float)Math.Cos(angle) * frequencies.AttentionFactor;
                sinRow[j] = (float)Math.Sin(angle) * frequencies.AttentionFactor;
            }
        }

        return (cos, sin);
    }
}
