using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Activations;

/// <summary>y = f(x). Traffic: 8 bytes an element, 6 where x is rounded.</summary>
internal readonly struct ActivateKernel<TActivation, TOperand>(TOperand x, Operand y) : IElementwiseKernel
    where TActivation : struct, IActivation
    where TOperand : struct, IOperand
{
    private readonly TOperand _x = x;
    private readonly Operand _y = y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<TVector, TLanes>(long row, long column, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes => _y.Store(TActivation.Value(_x.Load<TVector, TLanes>(lanes, row, column)), lanes, row, column);
}
