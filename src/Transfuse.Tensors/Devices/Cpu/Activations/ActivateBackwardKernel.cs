using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Activations;

/// <summary>dx = f′(x)·dy, or dx += f′(x)·dy.</summary>
internal readonly unsafe struct ActivateBackwardKernel<TActivation>(Operand x, Operand dy, Operand dx, bool accumulate) : IElementwiseKernel
    where TActivation : struct, IActivation
{
    private readonly Operand _x = x;
    private readonly Operand _dy = dy;
    private readonly Operand _dx = dx;
    private readonly bool _accumulate = accumulate;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<TVector, TLanes>(long row, long column, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes
    {
        _ = TActivation.ValueAndSlope(lanes.Load<TVector>(_x.At(row, column)), out var slope);
        var gradient = slope * lanes.Load<TVector>(_dy.At(row, column));
        var dx = _dx.At(row, column);
        lanes.Store(_accumulate ? lanes.Load<TVector>(dx) + gradient : gradient, dx);
    }
}
