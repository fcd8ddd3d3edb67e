using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>y = x in another type: 4 bytes an element on one side, 2 on the other.</summary>
internal readonly struct ConvertKernel<TFrom, TTo>(TFrom x, TTo y) : IElementwiseKernel
    where TFrom : struct, IOperand
    where TTo : struct, IOperand
{
    private readonly TFrom _x = x;
    private readonly TTo _y = y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<TVector, TLanes>(long row, long column, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes => _y.Store(_x.Load<TVector, TLanes>(lanes, row, column), lanes, row, column);
}
