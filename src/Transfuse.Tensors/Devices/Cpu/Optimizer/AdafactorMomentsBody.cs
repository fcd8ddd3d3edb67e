using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Norms;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Optimizer;

/// <summary>Σ g² of every row, in double, and of every column over the rows of one task, in float32. Traffic: 4 bytes an element.</summary>
internal readonly unsafe struct AdafactorMomentsBody(float* gradient, int columns, WorkBlocks blocks, double* rowSums, float* columnSums) : ITierBody
{
    private readonly float* _gradient = gradient;
    private readonly double* _rowSums = rowSums;
    private readonly float* _columnSums = columnSums;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (firstRow, endRow, _, _) = blocks[task];
        var sums = _columnSums + ((nint)task * columns);
        new Span<float>(sums, columns).Clear();
        for (var row = firstRow; row < endRow; row++)
        {
            var g = _gradient + (row * columns);
            _rowSums[row] = RowSums.Sum<TVector, RowSums.Product>(g, g, columns, default);
            var column = 0;
            for (; column + TVector.Count <= columns; column += TVector.Count)
            {
                var value = TVector.Load(g + column);
                TVector.Store(TVector.MultiplyAdd(value, value, TVector.Load(sums + column)), sums + column);
            }

            for (; column < columns; column++)
            {
                sums[column] += g[column] * g[column];
            }
        }
    }
}
