using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Norms;

/// <summary>
/// With g = dy·w and x̂ = (x − mean)·s: dx = s·(g − mean(g) − x̂·mean(g·x̂)). Each block of <see cref="RowsPerBlock"/> rows leaves its shares of
/// dW = Σ dy·x̂ and dB = Σ dy in rows of their own, so that the sums over blocks have a fixed order. Traffic: 12 bytes an element, 16
/// where it adds to dx, and 8 of dW and dB for every 32.
/// </summary>
internal readonly unsafe struct LayerNormBackwardBody(
    float* x, float* weight, float* statistics, float* dy, float* dx, bool accumulate,
    float* dWeightBlocks, float* dBiasBlocks, long rows, long columns) : ITierBody
{
    /// <summary>Rows whose weight gradients are added up one after the other.</summary>
    internal const int RowsPerBlock = 32;

    private readonly float* _x = x;
    private readonly float* _weight = weight;
    private readonly float* _statistics = statistics;
    private readonly float* _dy = dy;
    private readonly float* _dx = dx;
    private readonly float* _dWeightBlocks = dWeightBlocks;
    private readonly float* _dBiasBlocks = dBiasBlocks;
    private readonly bool _accumulate = accumulate;
    private readonly long _columns = columns;
    private readonly WorkBlocks _blocks = WorkBlocks.OfSize(rows, columns, RowsPerBlock, Math.Max(columns, 1));

    internal int TaskCount => _blocks.TaskCount;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (firstRow, endRow, _, _) = _blocks[task];
        var dWeight = _dWeightBlocks + (task * _columns);
        var dBias = _dBiasBlocks + (task * _columns);
        new Span<float>(dWeight, (int)_columns).Clear();
        new Span<float>(dBias, (int)_columns).Clear();
        for (var row = firstRow; row < endRow; row++)
        {
            var start = row * _columns;
            var mean = _statistics[2 * row];
            var inverse = _statistics[(2 * row) + 1];
            var sum = RowSums.Sum<TVector, RowSums.Product>(_dy + start, _weight, _columns, default);
            var dot = CenteredDot<TVector>(start, mean);

            // dx = s·g + constant + (x − mean)·projection.
            var constant = (float)(-sum / _columns * inverse);
            var projection = (float)(-dot / _columns * inverse * inverse * inverse);
            var column = 0L;
            for (; column <= _columns - TVector.Count; column += TVector.Count)
            {
                Apply<TVector, AllLanes>(start, column, mean, inverse, constant, projection, dWeight, dBias, default);
            }

            if (column < _columns)
            {
                var rest = new FirstLanes((int)(_columns - column));
                Apply<TVector, FirstLanes>(start, column, mean, inverse, constant, projection, dWeight, dBias, rest);
            }
        }
    }

    /// <summary>Σ dy·w·(x − mean). Centred before summing: Σ g·x − mean·Σ g would cancel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private double CenteredDot<TVector>(long start, float mean)
        where TVector : unmanaged, IVector<TVector> =>
        new WeightedProduct(-mean).Sum<TVector>(_dy + start, _weight, _x + start, _columns);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Apply<TVector, TLanes>(
        long start, long column, float mean, float inverse, float constant, float projection, float* dWeight, float* dBias, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes
    {
        var centered = lanes.Load<TVector>(_x + start + column) - TVector.Create(mean);
        var dy = lanes.Load<TVector>(_dy + start + column);
        var scaled = dy * TVector.Create(inverse);
        var gradient = TVector.MultiplyAdd(scaled, lanes.Load<TVector>(_weight + column), TVector.Create(constant));
        gradient = TVector.MultiplyAdd(centered, TVector.Create(projection), gradient);
        var dx = _dx + start + column;
        lanes.Store(_accumulate ? lanes.Load<TVector>(dx) + gradient : gradient, dx);
        lanes.Store(TVector.MultiplyAdd(scaled, centered, lanes.Load<TVector>(dWeight + column)), dWeight + column);
        lanes.Store(dy + lanes.Load<TVector>(dBias + column), dBias + column);
    }
}
