using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Norms;

/// <summary>Σ a·b·(w + offset) over one row: float32 within blocks of 512 elements, double over the blocks.</summary>
internal readonly unsafe struct WeightedProduct(float offset)
{
    private const int BlockLength = 512;

    private readonly float _offset = offset;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal double Sum<TVector>(float* a, float* b, float* weight, long length)
        where TVector : unmanaged, IVector<TVector>
    {
        var offset = TVector.Create(_offset);
        var total = 0.0;
        for (var start = 0L; start < length; start += BlockLength)
        {
            var end = Math.Min(start + BlockLength, length);
            TVector sum0 = TVector.Zero, sum1 = TVector.Zero;
            var i = start;
            for (; i <= end - (2 * TVector.Count); i += 2 * TVector.Count)
            {
                var j = i + TVector.Count;
                sum0 = TVector.MultiplyAdd(TVector.Load(a + i) * TVector.Load(b + i), TVector.Load(weight + i) + offset, sum0);
                sum1 = TVector.MultiplyAdd(TVector.Load(a + j) * TVector.Load(b + j), TVector.Load(weight + j) + offset, sum1);
            }

            for (; i < end; i += TVector.Count)
            {
                var count = (int)Math.Min(TVector.Count, end - i);
                sum0 = count == TVector.Count
                    ? TVector.MultiplyAdd(TVector.Load(a + i) * TVector.Load(b + i), TVector.Load(weight + i) + offset, sum0)
                    : TVector.MultiplyAdd(
                        TVector.LoadPartial(a + i, count, 0) * TVector.LoadPartial(b + i, count, 0),
                        TVector.LoadPartial(weight + i, count, 0) + offset,
                        sum0);
            }

            total += TVector.Sum(sum0 + sum1);
        }

        return total;
    }
}
