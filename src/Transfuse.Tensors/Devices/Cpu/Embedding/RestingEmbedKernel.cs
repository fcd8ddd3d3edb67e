using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Embedding;

/// <summary>y[i] = table[ids[i]] for a resting table. Traffic: an element's stored bytes and 4 more.</summary>
internal readonly unsafe struct RestingEmbedKernel(int* ids, RestingRows table, float* y) : IRowKernel
{
    public void Execute<TVector>(long row, int worker)
        where TVector : unmanaged, IVector<TVector> => table.Widen(ids[row], 0, table.Columns, y + (row * table.Columns));
}
