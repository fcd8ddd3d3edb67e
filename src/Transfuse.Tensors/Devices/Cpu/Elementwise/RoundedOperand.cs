using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>A matrix of bfloat16.</summary>
/// <param name="data">First element.</param>
/// <param name="stride">Elements from one row to the next.</param>
internal readonly unsafe struct RoundedOperand(ushort* data, long stride) : IOperand
{
    private readonly ushort* _data = data;
    private readonly long _stride = stride;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Load<TVector, TLanes>(TLanes lanes, long row, long column)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes => lanes.Load<TVector>(_data + (row * _stride) + column);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<TVector, TLanes>(TVector value, TLanes lanes, long row, long column)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes => lanes.Store(value, _data + (row * _stride) + column);
}
