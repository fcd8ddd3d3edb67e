using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Norms;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Optimizer;

/// <summary>Σ (min(rowFactor·columnFactor, largest)·g)² of the rows of one task, in double. Traffic: 4 bytes an element.</summary>
internal readonly unsafe struct AdafactorUpdateSizeBody(
    float* gradient, int columns, WorkBlocks blocks, float* rowFactors, float* columnFactors, float largest, double* sums) : ITierBody
{
    private readonly float* _gradient = gradient;
    private readonly float* _rowFactors = rowFactors;
    private readonly float* _columnFactors = columnFactors;
    private readonly double* _sums = sums;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (firstRow, endRow, _, _) = blocks[task];
        var sum = 0.0;
        for (var row = firstRow; row < endRow; row++)
        {
            sum += RowSums.Sum<TVector, ScaledSquare>(_gradient + (row * columns), _columnFactors, columns, new ScaledSquare(_rowFactors[row], largest));
        }

        _sums[task] = sum;
    }

    /// <summary>(a·min(factor·b, largest))².</summary>
    private readonly struct ScaledSquare(float factor, float largest) : RowSums.ITerm
    {
        private readonly float _factor = factor;
        private readonly float _largest = largest;

        public float Neutral => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Add<T>(T sum, T a, T b)
            where T : unmanaged, IVector<T>
        {
            var update = a * T.Min(T.Create(_factor) * b, T.Create(_largest));
            return T.MultiplyAdd(update, update, sum);
        }
    }
}
