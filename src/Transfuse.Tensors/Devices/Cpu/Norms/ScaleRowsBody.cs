using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Norms;

/// <summary>y[i, j] = f[i]·x[i, j].</summary>
internal readonly unsafe struct ScaleRowsBody(float* x, float* factors, float* y, long rows, long columns) : ITierBody
{
    private readonly float* _x = x;
    private readonly float* _factors = factors;
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
            var factor = TVector.Create(_factors[row]);
            var i = row * _columns;
            var endOfRow = i + _columns;
            for (; i <= endOfRow - TVector.Count; i += TVector.Count)
            {
                TVector.Store(TVector.Load(_x + i) * factor, _y + i);
            }

            if (i < endOfRow)
            {
                var count = (int)(endOfRow - i);
                TVector.StorePartial(TVector.LoadPartial(_x + i, count, 0) * factor, _y + i, count);
            }
        }
    }
}
