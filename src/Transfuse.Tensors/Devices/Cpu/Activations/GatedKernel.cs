using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Activations;

/// <summary>y = f(gate)·up (Shazeer 2020). Traffic: 12 bytes an element of y, 8 where gate and up are rounded.</summary>
internal readonly struct GatedKernel<TActivation, TOperand>(TOperand gate, TOperand up, Operand y) : IElementwiseKernel
    where TActivation : struct, IActivation
    where TOperand : struct, IOperand
{
    private readonly TOperand _gate = gate;
    private readonly TOperand _up = up;
    private readonly Operand _y = y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<TVector, TLanes>(long row, long column, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes
    {
        var gate = _gate.Load<TVector, TLanes>(lanes, row, column);
        _y.Store(TActivation.Value(gate) * _up.Load<TVector, TLanes>(lanes, row, column), lanes, row, column);
    }
}
