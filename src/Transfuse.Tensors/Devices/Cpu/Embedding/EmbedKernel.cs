using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Embedding;

/// <summary>y[i] = factor·table[ids[i]]. Traffic: 8 bytes an element.</summary>
internal readonly unsafe struct EmbedKernel(int* ids, Operand table, float factor, Operand y) : IElementwiseKernel
{
    private readonly int* _ids = ids;
    private readonly Operand _table = table;
    private readonly float _factor = factor;
    private readonly Operand _y = y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<TVector, TLanes>(long row, long column, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes =>
        lanes.Store(TVector.Create(_factor) * lanes.Load<TVector>(_table.At(_ids[row], column)), _y.At(row, column));
}
