using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Activations;

/// <summary>dGate = f′(gate)·up·dy, dUp = f(gate)·dy.</summary>
internal readonly unsafe struct GatedBackwardKernel<TActivation>(Operand gate, Operand up, Operand dy, Operand dGate, Operand dUp)
    : IElementwiseKernel
    where TActivation : struct, IActivation
{
    private readonly Operand _gate = gate;
    private readonly Operand _up = up;
    private readonly Operand _dy = dy;
    private readonly Operand _dGate = dGate;
    private readonly Operand _dUp = dUp;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<TVector, TLanes>(long row, long column, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes
    {
        var value = TActivation.ValueAndSlope(lanes.Load<TVector>(_gate.At(row, column)), out var slope);
        var up = lanes.Load<TVector>(_up.At(row, column));
        var dy = lanes.Load<TVector>(_dy.At(row, column));
        lanes.Store(slope * up * dy, _dGate.At(row, column));
        lanes.Store(value * dy, _dUp.At(row, column));
    }
}
