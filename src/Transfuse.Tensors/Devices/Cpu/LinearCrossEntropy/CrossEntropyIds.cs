using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>Lists the ids whose logits are kept, in ascending order, so that a part finds its own at once.</summary>
internal readonly unsafe struct CrossEntropyIds<TGradient>(CrossEntropyChunk<TGradient> chunk) : IRowKernel
    where TGradient : struct, IOperand
{
    public void Execute<TVector>(long row, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var slots = chunk.Slots;
        var content = chunk.Rows[chunk.Order[row]];
        var ids = new Span<long>(chunk.Ids + (row * slots), slots);
        ids.Fill(long.MaxValue);
        for (var i = 0; i < content.Ids.Length; i++)
        {
            ids[i] = ((long)content.Ids[i] << 32) + i;
        }

        if (content.Label >= 0)
        {
            ids[^1] = ((long)content.Label << 32) + slots - 1;
        }

        ids.Sort();
    }
}
