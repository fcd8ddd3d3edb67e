using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>
/// Four rows of Q6_K blocks times one row of factors, in the 512-bit tier: q − 32 is put together as bytes, 64 at a time, and the sums of the four rows
/// run side by side, each in the order of <see cref="Q6SuperBlock"/>. Traffic: 210 bytes a block, read once.
/// </summary>
internal static unsafe class Q6SuperRows
{
    private const int Half = 128;
    private const int Factors = 16;

    /// <summary>Whether the processor shifts 16-bit lanes each by its own count.</summary>
    internal static bool IsSupported => Avx512BW.IsSupported;

    /// <summary>As <see cref="IRestingBlock.TryAddRows"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    internal static void Add(byte** rows, int blocks, float* a, Vector512<float>* sums)
    {
        var room = stackalloc float[(4 * Factors) + Half + 4 + CacheLine.Floats];
        var factors = CacheLine.Align(room);
        var q = (sbyte*)(factors + (4 * Factors));
        var scales = (float*)(q + (4 * Half));
        byte* b0 = rows[0], b1 = rows[1], b2 = rows[2], b3 = rows[3];
        Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        var ahead = 4 * (nint)blocks * Q6SuperBlock.BlockBytes;
        for (; blocks > 0; blocks--)
        {
            RowPrefetch.Fetch(b0 + ahead, b1 + ahead, b2 + ahead, b3 + ahead, Q6SuperBlock.BlockBytes);
            BlockScale.Read(b0 + 208, b1 + 208, b2 + 208, b3 + 208, scales);
            Multiply(b0, scales, factors);
            Multiply(b1, scales + 1, factors + Factors);
            Multiply(b2, scales + 2, factors + (2 * Factors));
            Multiply(b3, scales + 3, factors + (3 * Factors));
            for (nint half = 0; half < 2; half++)
            {
                Assemble(b0, half, q);
                Assemble(b1, half, q + Half);
                Assemble(b2, half, q + (2 * Half));
                Assemble(b3, half, q + (3 * Half));
                var f = factors + (8 * half);
                for (nint i = 0; i < Half; i += 16)
                {
                    var x = Vector512.Load(a + i);
                    s0 = Add16(q + i, f, x, s0);
                    s1 = Add16(q + i + Half, f + Factors, x, s1);
                    s2 = Add16(q + i + (2 * Half), f + (2 * Factors), x, s2);
                    s3 = Add16(q + i + (3 * Half), f + (3 * Factors), x, s3);
                    f++;
                }

                a += Half;
            }

            b0 += Q6SuperBlock.BlockBytes;
            b1 += Q6SuperBlock.BlockBytes;
            b2 += Q6SuperBlock.BlockBytes;
            b3 += Q6SuperBlock.BlockBytes;
        }

        (sums[0], sums[1], sums[2], sums[3]) = (s0, s1, s2, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Add16(sbyte* q, float* factor, Vector512<float> a, Vector512<float> sum) =>
        Vector512.FusedMultiplyAdd(a, Vector512.ConvertToSingle(Integers.Signed512(q)) * Vector512.Create(*factor), sum);

    // d·s of the sixteen sub-blocks.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(byte* block, float* scale, float* factors) =>
        Vector512.Store(Vector512.ConvertToSingle(Integers.Signed512((sbyte*)block + 192)) * Vector512.Create(*scale), factors);

    // q − 32 of half a block: its rows 0 and 1 in the low nibbles, 2 and 3 in the high ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Assemble(byte* block, nint half, sbyte* q)
    {
        var (nibble, pair, middle) = (Vector512.Create((byte)15), Vector512.Create((byte)0x30), Vector512.Create((sbyte)32));
        var low = Vector512.Load(block + (64 * half));
        var high = Vector256.Load(block + 128 + (32 * half)).AsUInt16();
        var top01 = Vector512.Create(Vector256.ShiftLeft(high, 4), Vector256.ShiftLeft(high, 2)).AsByte() & pair;
        var top23 = Vector512.Create(high, Vector256.ShiftRightLogical(high, 2)).AsByte() & pair;
        Vector512.Store(((low & nibble) | top01).AsSByte() - middle, q);
        Vector512.Store(((Vector512.ShiftRightLogical(low.AsUInt16(), 4).AsByte() & nibble) | top23).AsSByte() - middle, q + 64);
    }
}
