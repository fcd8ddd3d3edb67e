using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>A matrix as an elementwise kernel sees it; a stride of 0 repeats one row for all rows.</summary>
/// <param name="data">First element.</param>
/// <param name="stride">Elements from one row to the next.</param>
internal readonly unsafe struct Operand(float* data, long stride) : IOperand
{
    private readonly float* _data = data;
    private readonly long _stride = stride;

    /// <summary>Address of an element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal float* At(long row, long column) => _data + (row * _stride) + column;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Load<TVector, TLanes>(TLanes lanes, long row, long column)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes => lanes.Load<TVector>(At(row, column));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<TVector, TLanes>(TVector value, TLanes lanes, long row, long column)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes => lanes.Store(value, At(row, column));
}
