using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Activations;

/// <summary>y = f(x).</summary>
internal readonly unsafe struct ActivateKernel<TActivation>(Operand x, Operand y) : IElementwiseKernel
    where TActivation : struct, IActivation
{
    private readonly Operand _x = x;
    private readonly Operand _y = y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<TVector, TLanes>(long row, long column, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes =>
        lanes.Store(TActivation.Value(lanes.Load<TVector>(_x.At(row, column))), _y.At(row, column));
}
