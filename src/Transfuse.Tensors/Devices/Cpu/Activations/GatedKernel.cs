using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Activations;

/// <summary>y = f(gate)·up (Shazeer 2020).</summary>
internal readonly unsafe struct GatedKernel<TActivation>(Operand gate, Operand up, Operand y) : IElementwiseKernel
    where TActivation : struct, IActivation
{
    private readonly Operand _gate = gate;
    private readonly Operand _up = up;
    private readonly Operand _y = y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<TVector, TLanes>(long row, long column, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes =>
        lanes.Store(
            TActivation.Value(lanes.Load<TVector>(_gate.At(row, column))) * lanes.Load<TVector>(_up.At(row, column)),
            _y.At(row, column));
}
