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
    // Eight d·s, then eight d_min·m.
    private const int Factors = 16;

    /// <summary>As <see cref="IRestingBlock.TryAddRows"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    internal static void Add(byte** rows, int blocks, float* a, Vector512<float>* sums)
    {
        // In memory, from where a number reaches all lanes without a shuffle.
        var room = stackalloc float[(4 * Factors) + 8 + CacheLine.Floats];
        var factors = CacheLine.Align(room);
        var scales = factors + (4 * Factors);
        byte* b0 = rows[0], b1 = rows[1], b2 = rows[2], b3 = rows[3];
        Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        var ahead = 4 * (nint)blocks * Q4SuperBlock.BlockBytes;
        for (; blocks > 0; blocks--)
        {
            RowPrefetch.Fetch(b0 + ahead, b1 + ahead, b2 + ahead, b3 + ahead, Q4SuperBlock.BlockBytes);
            BlockScale.Read(b0, b1, b2, b3, scales);
            BlockScale.Read(b0 + 2, b1 + 2, b2 + 2, b3 + 2, scales + 4);
            Multiply(b0 + 4, scales, factors);
            Multiply(b1 + 4, scales + 1, factors + Factors);
            Multiply(b2 + 4, scales + 2, factors + (2 * Factors));
            Multiply(b3 + 4, scales + 3, factors + (3 * Factors));
            var f = factors;
            for (nint q = 16; q < Q4SuperBlock.BlockBytes; q += 32)
            {
                s0 = Add64(b0 + q, f, a, s0);
                s1 = Add64(b1 + q, f + Factors, a, s1);
                s2 = Add64(b2 + q, f + (2 * Factors), a, s2);
                s3 = Add64(b3 + q, f + (3 * Factors), a, s3);
                f += 2;
                a += 64;
            }

            b0 += Q4SuperBlock.BlockBytes;
            b1 += Q4SuperBlock.BlockBytes;
            b2 += Q4SuperBlock.BlockBytes;
            b3 += Q4SuperBlock.BlockBytes;
        }

        (sums[0], sums[1], sums[2], sums[3]) = (s0, s1, s2, s3);
    }

    // 32 bytes: one sub-block in the low nibbles, the next in the high ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Add64(byte* q, float* factors, float* a, Vector512<float> sum)
    {
        var (q0, q1) = (Integers.Unsigned512(q), Integers.Unsigned512(q + 16));
        var table = Table(factors);
        sum = NibbleTable.Add(table, q0, a, sum);
        sum = NibbleTable.Add(table, q1, a + 16, sum);
        table = Table(factors + 1);
        sum = NibbleTable.Add(table, Vector512.ShiftRightLogical(q0, 4), a + 32, sum);
        return NibbleTable.Add(table, Vector512.ShiftRightLogical(q1, 4), a + 48, sum);
    }

    // d·s·q − d_min·m for every q.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Table(float* factors) => (NibbleTable.Nibbles * Vector512.Create(*factors)) - Vector512.Create(factors[8]);

    // The sixteen six-bit numbers of SuperBlocks.SixBits at once, times d at scales[0] and d_min at scales[4].
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(byte* packed, float* scales, float* factors)
    {
        const ulong SixBits = 0x3F3F_3F3F_3F3F_3F3F, FourBits = 0x0F0F_0F0F, TwoBits = 0x0303_0303_0303_0303;
        var (first, last) = (*(ulong*)packed, (ulong)*(uint*)(packed + 8));
        var low = first & SixBits;
        var high = (last & FourBits) | ((last << 28) & (FourBits << 32)) | (((first >> 6) & TwoBits) << 4);
        Vector256.Store(Widen((uint)low | (high << 32)) * Vector256.Create(scales[0]), factors);
        Vector256.Store(Widen((low >> 32) | (high & ~(ulong)uint.MaxValue)) * Vector256.Create(scales[4]), factors + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Widen(ulong bytes) =>
        Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(Vector128.CreateScalarUnsafe(bytes).AsByte()));
}
