using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Norms;

/// <summary>
/// y = (x − mean)·s·w + b with s = (var + ε)^(−1/2) of each row, var biased and from a second pass over the row (Ba et al. 2016).
/// </summary>
internal readonly unsafe struct LayerNormBody(
    float* x, float* weight, float* bias, float epsilon, float* y, float* statistics, long rows, long columns) : ITierBody
{
    private readonly float* _x = x;
    private readonly float* _weight = weight;
    private readonly float* _bias = bias;
    private readonly float* _y = y;
    private readonly float* _statistics = statistics;
    private readonly float _epsilon = epsilon;
    private readonly long _columns = columns;
    private readonly WorkBlocks _blocks = WorkBlocks.OfRows(rows, columns);

    internal int TaskCount => _blocks.TaskCount;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (firstRow, endRow, _, _) = _blocks[task];
        for (var row = firstRow; row < endRow; row++)
        {
            var x = _x + (row * _columns);
            var mean = (float)(RowSums.Sum<TVector, RowSums.First>(x, x, _columns, default) / _columns);
            var squares = RowSums.Sum<TVector, RowSums.SquaredDeviation>(x, x, _columns, new RowSums.SquaredDeviation(mean));
            var inverse = (float)(1 / Math.Sqrt((squares / _columns) + _epsilon));
            _statistics[2 * row] = mean;
            _statistics[(2 * row) + 1] = inverse;
            Apply<TVector>(x, _y + (row * _columns), mean, inverse);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Apply<TVector>(float* x, float* y, float mean, float inverse)
        where TVector : unmanaged, IVector<TVector>
    {
        var column = 0L;
        for (; column <= _columns - TVector.Count; column += TVector.Count)
        {
            Apply<TVector, AllLanes>(x, y, column, mean, inverse, default);
        }

        if (column < _columns)
        {
            Apply<TVector, FirstLanes>(x, y, column, mean, inverse, new FirstLanes((int)(_columns - column)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Apply<TVector, TLanes>(float* x, float* y, long column, float mean, float inverse, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes
    {
        var normalised = (lanes.Load<TVector>(x + column) - TVector.Create(mean)) * TVector.Create(inverse);
        var bias = _bias is null ? TVector.Zero : lanes.Load<TVector>(_bias + column);
        lanes.Store(TVector.MultiplyAdd(normalised, lanes.Load<TVector>(_weight + column), bias), y + column);
    }
}
