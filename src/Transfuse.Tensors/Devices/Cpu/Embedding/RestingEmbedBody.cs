using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Embedding;

/// <summary>y[i] = factor·table[ids[i]] for a resting table: each row is widened into its place and multiplied there.</summary>
internal readonly unsafe struct RestingEmbedBody(int* ids, long count, RestingRows table, float factor, float* y) : ITierBody
{
    private readonly int* _ids = ids;
    private readonly RestingRows _table = table;
    private readonly float* _y = y;
    private readonly float _factor = factor;
    private readonly WorkBlocks _blocks = WorkBlocks.OfRows(count, table.Columns);

    internal int TaskCount => _blocks.TaskCount;

    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (firstRow, endRow, _, _) = _blocks[task];
        long columns = _table.Columns;
        for (var row = firstRow; row < endRow; row++)
        {
            var place = _y + (row * columns);
            _table.Widen(_ids[row], 0, _table.Columns, place);
            var kernel = new ScaleKernel(new Operand(place, 0), _factor, new Operand(place, 0));
            var column = 0L;
            for (; column <= columns - TVector.Count; column += TVector.Count)
            {
                kernel.Apply<TVector, AllLanes>(0, column, default);
            }

            if (column < columns)
            {
                kernel.Apply<TVector, FirstLanes>(0, column, new FirstLanes((int)(columns - column)));
            }
        }
    }
}
