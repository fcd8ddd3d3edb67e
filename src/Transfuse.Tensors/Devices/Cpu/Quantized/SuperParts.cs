using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>A quarter of a Q4_K block, two sub-blocks of 32: x = d·s·q − d_min·m.</summary>
internal readonly unsafe struct Q4SuperPart : IRestingPart
{
    public static int BlockElements => SuperBlocks.Elements;

    public static int BlockBytes => 144;

    public static int Elements => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Add<TVector>(byte* block, int part, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        var (d, minimum) = (BlockScale.Read(block), BlockScale.Read(block + 2));
        var q = block + 16 + (32 * part);
        var (s, m) = SuperBlocks.SixBits(block + 4, 2 * part);
        sum = Add32(q, 0, TVector.Create(d * s), TVector.Create(minimum * m), a, sum);
        (s, m) = SuperBlocks.SixBits(block + 4, (2 * part) + 1);
        return Add32(q, 4, TVector.Create(d * s), TVector.Create(minimum * m), a + 32, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Add32<TVector>(byte* q, int shift, TVector scale, TVector offset, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        sum = Add16(q, shift, scale, offset, a, sum);
        return Add16(q + 16, shift, scale, offset, a + 16, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Add16<TVector>(byte* q, int shift, TVector scale, TVector offset, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        nint i = 0;
        do
        {
            sum = TVector.MultiplyAdd(TVector.Load(a + i), (TVector.FromNibbles(q + i, shift) * scale) - offset, sum);
            i += TVector.Count;
        }
        while (TVector.Count < 16 && i < 16);
        return sum;
    }
}

/// <summary>Half a Q6_K block, eight sub-blocks of 16: x = d·s·(q − 32).</summary>
internal readonly unsafe struct Q6SuperPart : IRestingPart
{
    public static int BlockElements => SuperBlocks.Elements;

    public static int BlockBytes => 210;

    public static int Elements => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Add<TVector>(byte* block, int part, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        var d = BlockScale.Read(block + 208);
        var low = block + (64 * part);
        var high = block + 128 + (32 * part);
        var s = (sbyte*)block + 192 + (8 * part);
        sum = Add32(low, 0, high, 0, d, s, a, sum);
        sum = Add32(low + 32, 0, high, 2, d, s + 2, a + 32, sum);
        sum = Add32(low, 4, high, 4, d, s + 4, a + 64, sum);
        return Add32(low + 32, 4, high, 6, d, s + 6, a + 96, sum);
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
