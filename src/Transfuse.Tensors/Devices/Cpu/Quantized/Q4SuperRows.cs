using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>
/// Four rows of Q4_K blocks times one row of factors, in the 512-bit tier: values are looked up (<see cref="NibbleTable"/>), and the sums of the four
/// rows run side by side, each in the order of <see cref="Q4SuperBlock"/>. Traffic: 144 bytes a block, read once.
/// </summary>
internal static unsafe class Q4SuperRows
{
    private const int CacheLine = 64;

    /// <summary>sums[j] ← sums[j] + Σ a·x of row j, lane by lane.</summary>
    /// <param name="rows">Four rows; the next four of the weight are asked for ahead.</param>
    /// <param name="blocks">Blocks of a row.</param>
    /// <param name="a">The factors.</param>
    /// <param name="sums">Four sums.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Add(byte** rows, int blocks, float* a, Vector512<float>* sums)
    {
        byte* b0 = rows[0], b1 = rows[1], b2 = rows[2], b3 = rows[3];
        Vector512<float> s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
        var ahead = 4 * (nint)blocks * Q4SuperBlock.BlockBytes;
        for (; blocks > 0; blocks--)
        {
            for (nint line = 0; line < Q4SuperBlock.BlockBytes; line += CacheLine)
            {
                Sse.Prefetch1(b0 + ahead + line);
                Sse.Prefetch1(b1 + ahead + line);
                Sse.Prefetch1(b2 + ahead + line);
                Sse.Prefetch1(b3 + ahead + line);
            }

            Vector512<float> f0 = Factors(b0), f1 = Factors(b1), f2 = Factors(b2), f3 = Factors(b3);
            var lane = Vector512<int>.Zero;
            for (nint q = 16; q < Q4SuperBlock.BlockBytes; q += 32)
            {
                s0 = Add64(b0 + q, f0, lane, a, s0);
                s1 = Add64(b1 + q, f1, lane, a, s1);
                s2 = Add64(b2 + q, f2, lane, a, s2);
                s3 = Add64(b3 + q, f3, lane, a, s3);
                lane += Vector512.Create(2);
                a += 64;
            }

            b0 += Q4SuperBlock.BlockBytes;
            b1 += Q4SuperBlock.BlockBytes;
            b2 += Q4SuperBlock.BlockBytes;
            b3 += Q4SuperBlock.BlockBytes;
        }

        (sums[0], sums[1], sums[2], sums[3]) = (s0, s1, s2, s3);
    }

    // 32 bytes: sub-block b in the low nibbles, b + 1 in the high ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Add64(byte* q, Vector512<float> factors, Vector512<int> b, float* a, Vector512<float> sum)
    {
        var (q0, q1) = (Integers.Unsigned512(q), Integers.Unsigned512(q + 16));
        var table = Table(factors, b);
        sum = NibbleTable.Add(table, q0, a, sum);
        sum = NibbleTable.Add(table, q1, a + 16, sum);
        table = Table(factors, b + Vector512<int>.One);
        sum = NibbleTable.Add(table, Vector512.ShiftRightLogical(q0, 4), a + 32, sum);
        return NibbleTable.Add(table, Vector512.ShiftRightLogical(q1, 4), a + 48, sum);
    }

    // d·s·q − d_min·m for every q; the factors are in lane b and lane b + 8.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Table(Vector512<float> factors, Vector512<int> b) =>
        (NibbleTable.Nibbles * Avx512F.PermuteVar16x32(factors, b)) - Avx512F.PermuteVar16x32(factors, b + Vector512.Create(8));

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
}
