using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>Sixteen half-precision numbers.</summary>
internal readonly unsafe struct HalfBlock : IRestingBlock
{
    public static int BlockElements => 16;

    public static int BlockBytes => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Add<TVector>(byte* block, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        nint i = 0;
        do
        {
            sum = TVector.MultiplyAdd(TVector.Load(a + i), TVector.FromHalf((ushort*)block + i), sum);
            i += TVector.Count;
        }
        while (TVector.Count < 16 && i < 16);
        return sum;
    }
}
