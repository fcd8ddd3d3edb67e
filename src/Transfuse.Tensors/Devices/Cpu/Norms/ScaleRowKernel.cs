using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Norms;

/// <summary>y[i, j] = f[i]·x[i, j]. Traffic: 8 bytes an element.</summary>
internal readonly unsafe struct ScaleRowKernel(float* x, float* factors, float* y, long columns) : IRowKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(long row, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var factor = TVector.Create(factors[row]);
        var i = row * columns;
        var end = i + columns;
        for (; i <= end - TVector.Count; i += TVector.Count)
        {
            TVector.Store(TVector.Load(x + i) * factor, y + i);
        }

        if (i < end)
        {
            var count = (int)(end - i);
            TVector.StorePartial(TVector.LoadPartial(x + i, count, 0) * factor, y + i, count);
        }
    }
}
