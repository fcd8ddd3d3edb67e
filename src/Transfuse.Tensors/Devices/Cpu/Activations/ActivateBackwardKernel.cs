using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Activations;

/// <summary>dx = f′(x)·dy, or dx += f′(x)·dy. Traffic: 12 bytes an element, 8 where x and dx are rounded, 4 or 2 more where it adds.</summary>
internal readonly struct ActivateBackwardKernel<TActivation, TOperand>(TOperand x, Operand dy, TOperand dx, bool accumulate) : IElementwiseKernel
    where TActivation : struct, IActivation
    where TOperand : struct, IOperand
{
    private readonly TOperand _x = x;
    private readonly Operand _dy = dy;
    private readonly TOperand _dx = dx;
    private readonly bool _accumulate = accumulate;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<TVector, TLanes>(long row, long column, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes
    {
        _ = TActivation.ValueAndSlope(_x.Load<TVector, TLanes>(lanes, row, column), out var slope);
        var gradient = slope * _dy.Load<TVector, TLanes>(lanes, row, column);
        _dx.Store(_accumulate ? _dx.Load<TVector, TLanes>(lanes, row, column) + gradient : gradient, lanes, row, column);
    }
}
