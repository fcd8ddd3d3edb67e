using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>y = min(max(x, −limit), limit); NaN stays NaN, which the processor's own minimum would hide. Traffic: 8 bytes an element.</summary>
internal readonly unsafe struct ClampKernel(Operand x, float limit, Operand y) : IElementwiseKernel
{
    private readonly Operand _x = x;
    private readonly float _limit = limit;
    private readonly Operand _y = y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Apply<TVector, TLanes>(long row, long column, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes
    {
        var x = lanes.Load<TVector>(_x.At(row, column));
        var (lower, upper) = (TVector.Create(-_limit), TVector.Create(_limit));
        lanes.Store(TVector.SelectLess(x, lower, lower, TVector.SelectLess(upper, x, upper, x)), _y.At(row, column));
    }
}
