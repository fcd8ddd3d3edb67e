using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Norms;

/// <summary>
/// With g = dy·(w + offset) and x̂ = x·r: dx = r·(g − x̂·mean(g·x̂)). Each block of <see cref="RowsPerBlock"/> rows leaves its share of
/// dW = Σ dy·x̂ in a row of its own, so that the sum over blocks has a fixed order. Traffic: 12 bytes an element, 16 where it
/// adds to dx, and 4 of dW for every 32.
/// </summary>
internal readonly unsafe struct RmsNormBackwardBody(
    float* x, float* weight, float weightOffset, float* inverseRms, float* dy, float* dx, bool accumulate,
    float* dWeightBlocks, long rows, long columns) : ITierBody
{
    /// <summary>Rows whose weight gradients are added up one after the other.</summary>
    internal const int RowsPerBlock = 32;

    private readonly float* _x = x;
    private readonly float* _weight = weight;
    private readonly float* _inverseRms = inverseRms;
    private readonly float* _dy = dy;
    private readonly float* _dx = dx;
    private readonly float* _dWeightBlocks = dWeightBlocks;
    private readonly float _weightOffset = weightOffset;
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
        new Span<float>(dWeight, (int)_columns).Clear();
        for (var row = firstRow; row < endRow; row++)
        {
            var start = row * _columns;
            var inverse = _inverseRms[row];
            var term = new WeightedProduct(_weightOffset);
            var dot = term.Sum<TVector>(_dy + start, _x + start, _weight, _columns);

            // x̂·mean(g·x̂)·r = x·(r³·mean(g·x)).
            var projection = (float)(-dot / _columns * inverse * inverse * inverse);
            var column = 0L;
            for (; column <= _columns - TVector.Count; column += TVector.Count)
            {
                Apply<TVector, AllLanes>(start, column, inverse, projection, dWeight, default);
            }

            if (column < _columns)
            {
                Apply<TVector, FirstLanes>(start, column, inverse, projection, dWeight, new FirstLanes((int)(_columns - column)));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Apply<TVector, TLanes>(long start, long column, float inverse, float projection, float* dWeight, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes
    {
        var x = lanes.Load<TVector>(_x + start + column);
        var dy = lanes.Load<TVector>(_dy + start + column) * TVector.Create(inverse);
        var weight = lanes.Load<TVector>(_weight + column) + TVector.Create(_weightOffset);
        var gradient = TVector.MultiplyAdd(x, TVector.Create(projection), dy * weight);
        var dx = _dx + start + column;
        lanes.Store(_accumulate ? lanes.Load<TVector>(dx) + gradient : gradient, dx);
        lanes.Store(TVector.MultiplyAdd(dy, x, lanes.Load<TVector>(dWeight + column)), dWeight + column);
    }
}
