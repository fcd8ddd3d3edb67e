using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Embedding;

/// <summary>
/// dTable[ids[i]] += factor·dy[i]. A task takes <see cref="ColumnsPerTask"/> columns of every i in order: no two tasks meet in an element, and the
/// order of the sum does not depend on threads. Traffic: 12 bytes an element of dy.
/// </summary>
internal readonly unsafe struct EmbedBackwardBody(int* ids, long count, float factor, float* dy, float* dTable, long columns) : ITierBody
{
    // Four cache lines: wide enough that a scattered row costs little, narrow enough that small models still occupy a few threads.
    private const int ColumnsPerTask = 64;

    private readonly int* _ids = ids;
    private readonly long _count = count;
    private readonly float* _dy = dy;
    private readonly float* _dTable = dTable;
    private readonly float _factor = factor;
    private readonly long _columns = columns;
    private readonly WorkBlocks _blocks = WorkBlocks.OfSize(1, columns, 1, ColumnsPerTask);

    internal int TaskCount => _count == 0 ? 0 : _blocks.TaskCount;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (_, _, firstColumn, endColumn) = _blocks[task];
        for (var i = 0L; i < _count; i++)
        {
            var kernel = new AddScaledKernel(new Operand(_dy + (i * _columns), 0), _factor, new Operand(_dTable + (_ids[i] * _columns), 0));
            var column = firstColumn;
            for (; column <= endColumn - TVector.Count; column += TVector.Count)
            {
                kernel.Apply<TVector, AllLanes>(0, column, default);
            }

            if (column < endColumn)
            {
                kernel.Apply<TVector, FirstLanes>(0, column, new FirstLanes((int)(endColumn - column)));
            }
        }
    }
}
