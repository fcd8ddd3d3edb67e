using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>A Q4_0 block: x = (q − 8)·d.</summary>
internal readonly unsafe struct Q4Block : IRestingBlock
{
    public static int BlockElements => SimpleBlocks.Elements;

    public static int BlockBytes => 18;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Add<TVector>(byte* block, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        if (NibbleTable.IsSupported && typeof(TVector) == typeof(Simd512))
        {
            return Unsafe.BitCast<Simd512, TVector>(new Simd512(LookUp(block, a, Unsafe.BitCast<TVector, Simd512>(sum).Value)));
        }

        var d = TVector.Create(BlockScale.Read(block));
        sum = Add16(block + 2, 0, d, a, sum);
        return Add16(block + 2, 4, d, a + 16, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> LookUp(byte* block, float* a, Vector512<float> sum)
    {
        var table = (NibbleTable.Nibbles - Vector512.Create(8f)) * BlockScale.Read(block);
        var q = Integers.Unsigned512(block + 2);
        sum = NibbleTable.Add(table, q, a, sum);
        return NibbleTable.Add(table, Vector512.ShiftRightLogical(q, 4), a + 16, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Add16<TVector>(byte* q, int shift, TVector d, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        var eight = TVector.Create(8);
        nint i = 0;
        do
        {
            sum = TVector.MultiplyAdd(TVector.Load(a + i), (TVector.FromNibbles(q + i, shift) - eight) * d, sum);
            i += TVector.Count;
        }
        while (TVector.Count < 16 && i < 16);
        return sum;
    }
}
