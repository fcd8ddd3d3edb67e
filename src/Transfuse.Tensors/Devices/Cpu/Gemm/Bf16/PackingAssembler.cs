using System.Numerics;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;

/// <summary>
/// Writes the loops that round float32 to bfloat16 and bring it into panels of pairs: VCVTNE2PS2BF16, of the same extension as the product, rounds 32
/// elements at once. Each loop has a second form that takes elements which are bfloat16 already.
/// </summary>
/// <remarks>
/// Registers that callers on Windows keep (xmm6 to xmm15) are not touched. Traffic: each element is read and written once, 6 bytes in all (4 from
/// bfloat16).
/// </remarks>
internal static class PackingAssembler
{
    /// <summary>Lines that a transposition takes at once.</summary>
    internal const int TransposedLines = 8;

    /// <summary>Depths of one round of a transposition.</summary>
    internal const int TransposedDepths = 32;

    private const int VectorBytes = 64;
    private const int HalfBytes = 32;

    // Rows of a copy are far apart, where the processor foresees nothing: they are asked for this many pairs ahead.
    private const uint PrefetchPairs = 4;

    private static readonly AssemblerRegisterZMM[] High =
        [zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31];

    /// <summary>
    /// The code of a function that packs lines which lie side by side: Count pairs of depths of a panel that is <paramref name="vectors"/> vectors wide.
    /// </summary>
    /// <param name="vectors">Vectors of 16 lines, 1 to 3; of the last one only the first lines may exist.</param>
    /// <param name="isBFloat16">Whether the source is bfloat16.</param>
    /// <param name="windows">Whether the argument comes in rcx.</param>
    internal static byte[] AssembleCopy(int vectors, bool isBFloat16, bool windows) => AssemblePairs(windows, lanes: 16, vectors * VectorBytes, (code, ahead) =>
    {
        for (var vector = 0; vector < vectors; vector++)
        {
            LoadPairs(code, vector, isBFloat16, isLast: vector == vectors - 1);
            PrefetchPair(code, ahead, vector, isBFloat16);
            code.vmovdqu32(__[r9 + (vector * VectorBytes)], zmm16);
        }
    });

    /// <summary>The same for a panel of eight lines, of which only the first may exist.</summary>
    /// <param name="isBFloat16">Whether the source is bfloat16.</param>
    /// <param name="windows">Whether the argument comes in rcx.</param>
    internal static byte[] AssembleCopyPanel(bool isBFloat16, bool windows) => AssemblePairs(windows, lanes: 8, HalfBytes, (code, ahead) =>
    {
        if (isBFloat16)
        {
            code.vmovdqu16(xmm16.k1.z, __[rdx]);
            code.vmovdqu16(xmm17.k1.z, __[rdx + r8]);
            code.vinserti32x4(ymm16, ymm16, xmm17, 1);
        }
        else
        {
            code.vmovdqu32(ymm16.k1.z, __[rdx]);
            code.vmovdqu32(ymm17.k1.z, __[rdx + r8]);
            code.vcvtne2ps2bf16(ymm16, ymm17, ymm16);
        }

        code.vpermw(ymm16, ymm0, ymm16);
        PrefetchPair(code, ahead, 0, isBFloat16);
        code.vmovdqu32(__[r9], ymm16);
    });

    /// <summary>
    /// The code of a function that packs 32 lines which lie side by side into four panels of eight: Count pairs of depths, panels DestinationStride bytes apart.
    /// </summary>
    /// <param name="isBFloat16">Whether the source is bfloat16.</param>
    /// <param name="windows">Whether the argument comes in rcx.</param>
    internal static byte[] AssembleCopyGroup(bool isBFloat16, bool windows) => AssemblePairs(windows, lanes: 16, HalfBytes, (code, ahead) =>
    {
        for (var vector = 0; vector < 2; vector++)
        {
            LoadPairs(code, vector, isBFloat16, isLast: false);
            PrefetchPair(code, ahead, vector, isBFloat16);
            var (lower, upper) = vector == 0 ? (__[r9], __[r9 + r10]) : (__[r9 + (r10 * 2)], __[r9 + r11]);
            code.vmovdqu32(lower, ymm16);
            code.vextracti32x8(upper, zmm16, 1);
        }
    });

    /// <summary>
    /// The code of a function that packs eight lines whose elements lie side by side: Count times 32 depths, pairs of depths DestinationStride bytes apart.
    /// </summary>
    /// <param name="isBFloat16">Whether the source is bfloat16.</param>
    /// <param name="windows">Whether the argument comes in rcx.</param>
    internal static byte[] AssembleTranspose(bool isBFloat16, bool windows)
    {
        var code = new Assembler(64);
        var (lowerHalves, upperHalves) = (code.CreateLabel(), code.CreateLabel());
        var call = Begin(code, windows);
        code.mov(r11, __[call + 32]);
        code.lea(r10, __[r8 + (r8 * 2)]);
        code.vmovdqu64(zmm0, __[lowerHalves]);
        code.vmovdqu64(zmm1, __[upperHalves]);
        code.lea(call, __[rdx + (r8 * 4)]);
        var loop = code.CreateLabel();
        code.Label(ref loop);
        LoadLines(code, call, isBFloat16);
        TransposePairs(code);
        StoreTransposed(code);
        code.add(rdx, isBFloat16 ? VectorBytes : 2 * VectorBytes);
        code.add(call, isBFloat16 ? VectorBytes : 2 * VectorBytes);
        code.dec(rax);
        code.jnz(loop);
        code.vzeroupper();
        code.ret();
        code.Label(ref lowerHalves);
        WriteIndices(code, [0, 1, 8, 9, 2, 3, 10, 11]);
        code.Label(ref upperHalves);
        WriteIndices(code, [4, 5, 12, 13, 6, 7, 14, 15]);
        return Bytes(code);
    }

    // A loop over pairs of rows, each of which goes to the next `bytes` of the destination: zmm0 holds the order that brings halves together, k1 the lanes of
    // the last vector that exist, r10 and r11 one and three destination strides; the register that `round` is given points ahead of rdx.
    private static byte[] AssemblePairs(bool windows, int lanes, int bytes, Action<Assembler, AssemblerRegister64> round)
    {
        var code = new Assembler(64);
        var (order, loop) = (code.CreateLabel(), code.CreateLabel());
        var call = Begin(code, windows);
        code.kmovq(k1, __[call + 40]);
        code.mov(r10, __[call + 32]);
        code.lea(r11, __[r10 + (r10 * 2)]);
        if (lanes == 16)
        {
            code.vmovdqu16(zmm0, __[order]);
        }
        else
        {
            code.vmovdqu16(ymm0, __[order]);
        }

        var ahead = call;
        code.mov(ahead, r8);
        code.shl(ahead, (byte)(1 + BitOperations.Log2(PrefetchPairs)));
        code.add(ahead, rdx);
        code.Label(ref loop);
        round(code, ahead);
        code.add(r9, bytes);
        code.lea(ahead, __[ahead + (r8 * 2)]);
        code.lea(rdx, __[rdx + (r8 * 2)]);
        code.dec(rax);
        code.jnz(loop);
        code.vzeroupper();
        code.ret();

        // Element i of the lower row, element i of the upper one.
        code.Label(ref order);
        for (var i = 0; i < lanes; i++)
        {
            code.dw((ushort)i, (ushort)(i + lanes));
        }

        return Bytes(code);
    }

    private static void WriteIndices(Assembler code, ReadOnlySpan<ulong> indices)
    {
        foreach (var index in indices)
        {
            code.dq(index);
        }
    }

    // rax: count, rdx: source, r8: its stride, r9: destination. Free after the argument is read: r10, r11 and the argument's own register.
    private static AssemblerRegister64 Begin(Assembler code, bool windows)
    {
        var call = windows ? rcx : rdi;
        code.mov(rax, __[call]);
        code.mov(rdx, __[call + 8]);
        code.mov(r8, __[call + 16]);
        code.mov(r9, __[call + 24]);
        return call;
    }

    private static void PrefetchPair(Assembler code, AssemblerRegister64 ahead, int vector, bool isBFloat16)
    {
        var offset = vector * (isBFloat16 ? HalfBytes : VectorBytes);
        code.prefetcht0(__byte_ptr[ahead + offset]);
        code.prefetcht0(__byte_ptr[ahead + r8 + offset]);
    }

    // zmm16 = 16 pairs of the rows at rdx and rdx + r8; zmm0 holds the order that brings halves together.
    private static void LoadPairs(Assembler code, int vector, bool isBFloat16, bool isLast)
    {
        if (isBFloat16)
        {
            var (low, high) = (isLast ? ymm16.k1.z : ymm16, isLast ? ymm17.k1.z : ymm17);
            code.vmovdqu16(low, __[rdx + (vector * HalfBytes)]);
            code.vmovdqu16(high, __[rdx + r8 + (vector * HalfBytes)]);
            code.vinserti64x4(zmm16, zmm16, ymm17, 1);
        }
        else
        {
            var (low, high) = (isLast ? zmm16.k1.z : zmm16, isLast ? zmm17.k1.z : zmm17);
            code.vmovups(low, __[rdx + (vector * VectorBytes)]);
            code.vmovups(high, __[rdx + r8 + (vector * VectorBytes)]);
            code.vcvtne2ps2bf16(zmm16, zmm17, zmm16);
        }

        code.vpermw(zmm16, zmm0, zmm16);
    }

    private static byte[] Bytes(Assembler code)
    {
        using var stream = new MemoryStream();
        code.Assemble(new StreamCodeWriter(stream), rip: 0);
        return stream.ToArray();
    }

    // zmm16 to zmm23: 16 pairs of each line; lines 4 to 7 begin at `second`.
    private static void LoadLines(Assembler code, AssemblerRegister64 second, bool isBFloat16)
    {
        for (var line = 0; line < TransposedLines; line++)
        {
            var start = line < 4 ? rdx : second;
            var register = High[line];
            if (isBFloat16)
            {
                code.vmovdqu16(register, At(start, line % 4, 0));
            }
            else
            {
                code.vmovups(register, At(start, line % 4, VectorBytes));
                code.vcvtne2ps2bf16(register, register, At(start, line % 4, 0));
            }
        }
    }

    private static AssemblerMemoryOperand At(AssemblerRegister64 start, int line, int offset) => line switch
    {
        0 => __zmmword_ptr[start + offset],
        1 => __zmmword_ptr[start + r8 + offset],
        2 => __zmmword_ptr[start + (r8 * 2) + offset],
        _ => __zmmword_ptr[start + r10 + offset],
    };

    // Four by four within 128 bits first; then register i of each four holds pairs i, i + 4, i + 8 and i + 12 of its four lines.
    private static void TransposePairs(Assembler code)
    {
        for (var four = 0; four < TransposedLines; four += 4)
        {
            for (var line = four; line < four + 4; line += 2)
            {
                code.vpunpckldq(High[8 + line], High[line], High[line + 1]);
                code.vpunpckhdq(High[9 + line], High[line], High[line + 1]);
            }

            code.vpunpcklqdq(High[four], High[8 + four], High[10 + four]);
            code.vpunpckhqdq(High[four + 1], High[8 + four], High[10 + four]);
            code.vpunpcklqdq(High[four + 2], High[9 + four], High[11 + four]);
            code.vpunpckhqdq(High[four + 3], High[9 + four], High[11 + four]);
        }

        for (var i = 0; i < 4; i++)
        {
            code.vmovdqa64(High[8 + i], High[i]);
            code.vpermt2q(High[8 + i], zmm0, High[4 + i]);
            code.vpermt2q(High[i], zmm1, High[4 + i]);
        }
    }

    // Pairs 0 to 3 are the lower halves of zmm24 to zmm27, 4 to 7 the upper ones; 8 to 15 those of zmm16 to zmm19.
    private static void StoreTransposed(Assembler code)
    {
        foreach (var first in (ReadOnlySpan<int>)[8, 0])
        {
            for (var i = 0; i < 4; i++)
            {
                code.vextracti32x8(__ymmword_ptr[r9], High[first + i], 0);
                code.add(r9, r11);
            }

            for (var i = 0; i < 4; i++)
            {
                code.vextracti32x8(__ymmword_ptr[r9], High[first + i], 1);
                code.add(r9, r11);
            }
        }
    }
}
