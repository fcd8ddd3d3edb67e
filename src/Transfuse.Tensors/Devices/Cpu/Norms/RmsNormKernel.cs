using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Norms;

/// <summary>
/// y = x·r·(w + offset) with r = (mean(x²) + ε)^(−1/2) of each row (Zhang and Sennrich 2019). Traffic: 8 bytes an element; the second pass finds the row
/// in a cache.
/// </summary>
internal readonly unsafe struct RmsNormKernel(
    float* x, float* weight, float weightOffset, float epsilon, float* y, float* inverseRms, long columns) : IRowKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(long row, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var values = x + (row * columns);
        var squares = RowSums.Sum<TVector, RowSums.Product>(values, values, columns, default);
        var inverse = (float)(1 / Math.Sqrt((squares / columns) + epsilon));
        inverseRms[row] = inverse;
        Apply<TVector>(values, y + (row * columns), inverse);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Apply<TVector>(float* source, float* destination, float inverse)
        where TVector : unmanaged, IVector<TVector>
    {
        var factor = TVector.Create(inverse);
        var offset = TVector.Create(weightOffset);
        var column = 0L;
        for (; column <= columns - TVector.Count; column += TVector.Count)
        {
            Apply<TVector, AllLanes>(source + column, destination + column, weight + column, factor, offset, default);
        }

        if (column < columns)
        {
            Apply(source + column, destination + column, weight + column, factor, offset, new FirstLanes((int)(columns - column)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Apply<TVector, TLanes>(float* source, float* destination, float* weights, TVector factor, TVector offset, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes =>
        lanes.Store(lanes.Load<TVector>(source) * factor * (lanes.Load<TVector>(weights) + offset), destination);
}
