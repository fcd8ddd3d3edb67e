using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Embedding;

/// <summary>y[i] = factor·table[ids[i]].</summary>
internal readonly unsafe struct EmbedBody(int* ids, long count, float* table, float factor, float* y, long columns) : ITierBody
{
    private readonly int* _ids = ids;
    private readonly float* _table = table;
    private readonly float* _y = y;
    private readonly float _factor = factor;
    private readonly long _columns = columns;
    private readonly WorkBlocks _blocks = WorkBlocks.OfRows(count, columns);

    internal int TaskCount => _blocks.TaskCount;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (firstRow, endRow, _, _) = _blocks[task];
        for (var row = firstRow; row < endRow; row++)
        {
            var kernel = new ScaleKernel(new Operand(_table + (_ids[row] * _columns), 0), _factor, new Operand(_y + (row * _columns), 0));
            var column = 0L;
            for (; column <= _columns - TVector.Count; column += TVector.Count)
            {
                kernel.Apply<TVector, AllLanes>(0, column, default);
            }

            if (column < _columns)
            {
                kernel.Apply<TVector, FirstLanes>(0, column, new FirstLanes((int)(_columns - column)));
            }
        }
    }
}
