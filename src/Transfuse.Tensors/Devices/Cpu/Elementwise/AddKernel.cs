using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>y = a + b. Traffic: 12 bytes an element.</summary>
internal readonly unsafe struct AddKernel(Operand a, Operand b, Operand y) : IElementwiseKernel
{
    private readonly Operand _a = a;
    private readonly Operand _b = b;
    private readonly Operand _y = y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<TVector, TLanes>(long row, long column, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes =>
        lanes.Store(lanes.Load<TVector>(_a.At(row, column)) + lanes.Load<TVector>(_b.At(row, column)), _y.At(row, column));
}
