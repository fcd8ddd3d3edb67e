using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>A Q4_K block, eight sub-blocks of 32: x = d·s·q − d_min·m.</summary>
internal readonly unsafe struct Q4SuperBlock : IRestingBlock
{
    public static int BlockElements => SuperBlocks.Elements;

    public static int BlockBytes => 144;

    // A method of its own: four blocks side by side are more than the compiler is willing to inline.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static TVector Add<TVector>(byte* block, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        if (NibbleTable.IsSupported && typeof(TVector) == typeof(Simd512))
        {
            return Unsafe.BitCast<Simd512, TVector>(new Simd512(LookUp(block, a, Unsafe.BitCast<TVector, Simd512>(sum).Value)));
        }

        var (d, minimum) = (BlockScale.Read(block), BlockScale.Read(block + 2));
        var q = block + 16;
        for (var b = 0; b < 8; b += 2)
        {
            var (s, m) = SuperBlocks.SixBits(block + 4, b);
            sum = Add32(q, 0, TVector.Create(d * s), TVector.Create(minimum * m), a, sum);
            (s, m) = SuperBlocks.SixBits(block + 4, b + 1);
            sum = Add32(q, 4, TVector.Create(d * s), TVector.Create(minimum * m), a + 32, sum);
            q += 32;
            a += 64;
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> LookUp(byte* block, float* a, Vector512<float> sum)
    {
        var factors = Factors(block);
        var q = block + 16;
        var lane = Vector512<int>.Zero;
        for (var b = 0; b < 8; b += 2)
        {
            var (q0, q1) = (Integers.Unsigned512(q), Integers.Unsigned512(q + 16));
            var table = Table(factors, lane);
            sum = NibbleTable.Add(table, q0, a, sum);
            sum = NibbleTable.Add(table, q1, a + 16, sum);
            table = Table(factors, lane + Vector512<int>.One);
            sum = NibbleTable.Add(table, Vector512.ShiftRightLogical(q0, 4), a + 32, sum);
            sum = NibbleTable.Add(table, Vector512.ShiftRightLogical(q1, 4), a + 48, sum);
            lane += Vector512.Create(2);
            q += 32;
            a += 64;
        }

        return sum;
    }

    // d·s·q − d_min·m for every q; the factors are in lane b and lane b + 8.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Table(Vector512<float> factors, Vector512<int> lane) =>
        (NibbleTable.Nibbles * Avx512F.PermuteVar16x32(factors, lane)) - Avx512F.PermuteVar16x32(factors, lane + Vector512.Create(8));

    // Eight d·s, then eight d_min·m: the sixteen six-bit numbers of SuperBlocks.SixBits at once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Factors(byte* block)
    {
        const uint SixBits = 0x3F3F_3F3F, FourBits = 0x0F0F_0F0F, TwoBits = 0x0303_0303;
        var (u, v, w) = (*(uint*)(block + 4), *(uint*)(block + 8), *(uint*)(block + 12));
        var bytes = Vector128.Create(
            u & SixBits,
            (w & FourBits) | (((u >> 6) & TwoBits) << 4),
            v & SixBits,
            ((w >> 4) & FourBits) | (((v >> 6) & TwoBits) << 4)).AsByte();
        var scales = Vector512.Create(Vector256.Create(BlockScale.Read(block)), Vector256.Create(BlockScale.Read(block + 2)));
        return scales * Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(bytes));
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
