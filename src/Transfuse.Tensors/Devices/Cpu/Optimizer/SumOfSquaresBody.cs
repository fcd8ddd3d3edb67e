using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Norms;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Optimizer;

/// <summary>Σ x² of each block of elements, in double. Traffic: 4 bytes an element.</summary>
internal readonly unsafe struct SumOfSquaresBody(float* x, long length, double* sums) : ITierBody
{
    private readonly float* _x = x;
    private readonly double* _sums = sums;
    private readonly WorkBlocks _blocks = WorkBlocks.Of(1, length);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (_, _, first, end) = _blocks[task];
        _sums[task] = RowSums.Sum<TVector, RowSums.Product>(_x + first, _x + first, end - first, default);
    }
}
