using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Norms;

/// <summary>y = x·r·(w + offset) with r = (mean(x²) + ε)^(−1/2) of each row (Zhang and Sennrich 2019).</summary>
internal readonly unsafe struct RmsNormBody(
    float* x, float* weight, float weightOffset, float epsilon, float* y, float* inverseRms, long rows, long columns) : ITierBody
{
    private readonly float* _x = x;
    private readonly float* _weight = weight;
    private readonly float* _y = y;
    private readonly float* _inverseRms = inverseRms;
    private readonly float _weightOffset = weightOffset;
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
            var squares = RowSums.Sum<TVector, RowSums.Product>(x, x, _columns, default);
            var inverse = (float)(1 / Math.Sqrt((squares / _columns) + _epsilon));
            _inverseRms[row] = inverse;
            Apply<TVector>(x, _y + (row * _columns), inverse);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Apply<TVector>(float* x, float* y, float inverse)
        where TVector : unmanaged, IVector<TVector>
    {
        var factor = TVector.Create(inverse);
        var offset = TVector.Create(_weightOffset);
        var column = 0L;
        for (; column <= _columns - TVector.Count; column += TVector.Count)
        {
            Apply<TVector, AllLanes>(x + column, y + column, _weight + column, factor, offset, default);
        }

        if (column < _columns)
        {
            Apply(x + column, y + column, _weight + column, factor, offset, new FirstLanes((int)(_columns - column)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Apply<TVector, TLanes>(float* x, float* y, float* weight, TVector factor, TVector offset, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes =>
        lanes.Store(lanes.Load<TVector>(x) * factor * (lanes.Load<TVector>(weight) + offset), y);
}
