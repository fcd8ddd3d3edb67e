using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Norms;

/// <summary>
/// y = (x − mean)·s·w + b with s = (var + ε)^(−1/2) of each row, var biased and from a second pass over the row (Ba et al. 2016). Traffic: 8
/// bytes an element; the later passes find the row in a cache.
/// </summary>
internal readonly unsafe struct LayerNormKernel(
    float* x, float* weight, float* bias, float epsilon, float* y, float* statistics, long columns) : IRowKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(long row, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var values = x + (row * columns);
        var mean = (float)(RowSums.Sum<TVector, RowSums.First>(values, values, columns, default) / columns);
        var squares = RowSums.Sum<TVector, RowSums.SquaredDeviation>(values, values, columns, new RowSums.SquaredDeviation(mean));
        var inverse = (float)(1 / Math.Sqrt((squares / columns) + epsilon));
        statistics[2 * row] = mean;
        statistics[(2 * row) + 1] = inverse;
        Apply<TVector>(values, y + (row * columns), mean, inverse);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Apply<TVector>(float* source, float* destination, float mean, float inverse)
        where TVector : unmanaged, IVector<TVector>
    {
        var column = 0L;
        for (; column <= columns - TVector.Count; column += TVector.Count)
        {
            Apply<TVector, AllLanes>(source, destination, column, mean, inverse, default);
        }

        if (column < columns)
        {
            Apply<TVector, FirstLanes>(source, destination, column, mean, inverse, new FirstLanes((int)(columns - column)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Apply<TVector, TLanes>(float* source, float* destination, long column, float mean, float inverse, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes
    {
        var normalised = (lanes.Load<TVector>(source + column) - TVector.Create(mean)) * TVector.Create(inverse);
        var added = bias is null ? TVector.Zero : lanes.Load<TVector>(bias + column);
        lanes.Store(TVector.MultiplyAdd(normalised, lanes.Load<TVector>(weight + column), added), destination + column);
    }
}
