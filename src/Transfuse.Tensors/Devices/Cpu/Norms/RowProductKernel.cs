using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Norms;

/// <summary>y[i] = Σⱼ a[i, j]·b[i, j], summed as <see cref="RowSums"/> does. Traffic: 8 bytes an element.</summary>
internal readonly unsafe struct RowProductKernel(float* a, float* b, float* y, long columns) : IRowKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(long row, int worker)
        where TVector : unmanaged, IVector<TVector> =>
        y[row] = (float)RowSums.Sum<TVector, RowSums.Product>(a + (row * columns), b + (row * columns), columns, default);
}
