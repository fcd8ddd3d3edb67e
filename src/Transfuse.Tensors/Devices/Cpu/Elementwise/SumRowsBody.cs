using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>
/// One level of a tree sum over rows: y[b, j] = Σ x[i, j] over the <see cref="RowsPerSum"/> rows i of block b, in order, plus y[b, j] where
/// accumulating. The grouping depends on the shape alone, and the rounding error grows with the number of levels, not of rows. Traffic: 4 bytes an
/// element of x, and as much for each of the far fewer sums.
/// </summary>
internal readonly unsafe struct SumRowsBody(float* x, long rows, long columns, float* y, bool accumulate) : ITierBody
{
    /// <summary>Rows that one level adds up.</summary>
    internal const int RowsPerSum = 64;

    private const int ColumnsPerTask = 512;

    private readonly float* _x = x;
    private readonly float* _y = y;
    private readonly long _columns = columns;
    private readonly bool _accumulate = accumulate;
    private readonly WorkBlocks _blocks = WorkBlocks.OfSize(rows, columns, RowsPerSum, ColumnsPerTask);

    internal int TaskCount => _blocks.TaskCount;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (firstRow, endRow, firstColumn, endColumn) = _blocks[task];
        var source = _x + (firstRow * _columns);
        var destination = _y + (firstRow / RowsPerSum * _columns);
        var count = endRow - firstRow;
        var column = firstColumn;
        for (; column <= endColumn - (4 * TVector.Count); column += 4 * TVector.Count)
        {
            SumFourVectors<TVector>(source + column, count, destination + column);
        }

        for (; column <= endColumn - TVector.Count; column += TVector.Count)
        {
            SumVector<TVector, AllLanes>(source + column, count, destination + column, default);
        }

        if (column < endColumn)
        {
            SumVector<TVector, FirstLanes>(source + column, count, destination + column, new FirstLanes((int)(endColumn - column)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SumFourVectors<TVector>(float* source, long count, float* destination)
        where TVector : unmanaged, IVector<TVector>
    {
        TVector sum0 = TVector.Zero, sum1 = TVector.Zero, sum2 = TVector.Zero, sum3 = TVector.Zero;
        for (var row = 0L; row < count; row++, source += _columns)
        {
            sum0 += TVector.Load(source);
            sum1 += TVector.Load(source + TVector.Count);
            sum2 += TVector.Load(source + (2 * TVector.Count));
            sum3 += TVector.Load(source + (3 * TVector.Count));
        }

        Finish<TVector, AllLanes>(sum0, destination, default);
        Finish<TVector, AllLanes>(sum1, destination + TVector.Count, default);
        Finish<TVector, AllLanes>(sum2, destination + (2 * TVector.Count), default);
        Finish<TVector, AllLanes>(sum3, destination + (3 * TVector.Count), default);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SumVector<TVector, TLanes>(float* source, long count, float* destination, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes
    {
        var sum = TVector.Zero;
        for (var row = 0L; row < count; row++, source += _columns)
        {
            sum += lanes.Load<TVector>(source);
        }

        Finish(sum, destination, lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Finish<TVector, TLanes>(TVector sum, float* destination, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes =>
        lanes.Store(_accumulate ? lanes.Load<TVector>(destination) + sum : sum, destination);
}
