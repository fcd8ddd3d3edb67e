using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>A Q6_K block, sixteen sub-blocks of 16: x = d·s·(q − 32).</summary>
internal readonly unsafe struct Q6SuperBlock : IRestingBlock
{
    public static int BlockElements => SuperBlocks.Elements;

    public static int BlockBytes => 210;

    // A method of its own, as above.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static TVector Add<TVector>(byte* block, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        var d = BlockScale.Read(block + 208);
        var (low, high) = ((nint)block, (nint)block + 128);
        var s = (sbyte*)block + 192;
        for (var half = 0; half < 2; half++)
        {
            sum = Add32((byte*)low, 0, (byte*)high, 0, d, s, a, sum);
            sum = Add32((byte*)low + 32, 0, (byte*)high, 2, d, s + 2, a + 32, sum);
            sum = Add32((byte*)low, 4, (byte*)high, 4, d, s + 4, a + 64, sum);
            sum = Add32((byte*)low + 32, 4, (byte*)high, 6, d, s + 6, a + 96, sum);
            low += 64;
            high += 32;
            s += 8;
            a += 128;
        }

        return sum;
    }

    public static bool TryAddRows<TVector>(byte** rows, int blocks, float* a, TVector* sums)
        where TVector : unmanaged, IVector<TVector>
    {
        if (!Q6SuperRows.IsSupported || typeof(TVector) != typeof(Simd512))
        {
            return false;
        }

        Q6SuperRows.Add(rows, blocks, a, (Vector512<float>*)sums);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Add32<TVector>(byte* low, int shift, byte* high, int highShift, float d, sbyte* s, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        sum = Add16(low, shift, high, highShift, TVector.Create(d * s[0]), a, sum);
        return Add16(low + 16, shift, high + 16, highShift, TVector.Create(d * s[1]), a + 16, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Add16<TVector>(byte* low, int shift, byte* high, int highShift, TVector scale, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        var middle = TVector.Create(32);
        nint i = 0;
        do
        {
            var q = TVector.FromSixBits(low + i, shift, high + i, highShift) - middle;
            sum = TVector.MultiplyAdd(TVector.Load(a + i), q * scale, sum);
            i += TVector.Count;
        }
        while (TVector.Count < 16 && i < 16);
        return sum;
    }
}
