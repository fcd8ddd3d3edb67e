using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>dx = dy where |x| ≤ limit, else 0; or dx += that. Traffic: 12 bytes an element, 16 where it adds.</summary>
internal readonly unsafe struct ClampBackwardKernel(Operand x, float limit, Operand dy, Operand dx, bool accumulate) : IElementwiseKernel
{
    private readonly Operand _x = x;
    private readonly float _limit = limit;
    private readonly Operand _dy = dy;
    private readonly Operand _dx = dx;
    private readonly bool _accumulate = accumulate;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<TVector, TLanes>(long row, long column, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes
    {
        var magnitude = TVector.Abs(lanes.Load<TVector>(_x.At(row, column)));
        var gradient = TVector.SelectLess(TVector.Create(_limit), magnitude, TVector.Zero, lanes.Load<TVector>(_dy.At(row, column)));
        var dx = _dx.At(row, column);
        lanes.Store(_accumulate ? lanes.Load<TVector>(dx) + gradient : gradient, dx);
    }
}
