using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Norms;

/// <summary>y[i] = Σⱼ a[i, j]·b[i, j], summed as <see cref="RowSums"/> does.</summary>
internal readonly unsafe struct RowProductsBody(float* a, float* b, float* y, long rows, long columns) : ITierBody
{
    private readonly float* _a = a;
    private readonly float* _b = b;
    private readonly float* _y = y;
    private readonly long _columns = columns;
    private readonly WorkBlocks _blocks = WorkBlocks.OfRows(rows, columns);

    internal int TaskCount => _blocks.TaskCount;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (first, end, _, _) = _blocks[task];
        for (var row = first; row < end; row++)
        {
            var start = row * _columns;
            _y[row] = (float)RowSums.Sum<TVector, RowSums.Product>(_a + start, _b + start, _columns, default);
        }
    }
}
