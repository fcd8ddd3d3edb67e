using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>y = factor·x. Traffic: 8 bytes an element.</summary>
internal readonly unsafe struct ScaleKernel(Operand x, float factor, Operand y) : IElementwiseKernel
{
    private readonly Operand _x = x;
    private readonly float _factor = factor;
    private readonly Operand _y = y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<TVector, TLanes>(long row, long column, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes =>
        lanes.Store(TVector.Create(_factor) * lanes.Load<TVector>(_x.At(row, column)), _y.At(row, column));
}
