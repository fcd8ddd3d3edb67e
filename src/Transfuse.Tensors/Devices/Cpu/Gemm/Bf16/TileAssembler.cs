using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;

/// <summary>
/// Writes the innermost loop of bfloat16 products as machine code: .NET has no intrinsic for AVX512_BF16's VDPBF16PS, which adds
/// a₂ₚ·b₂ₚ and a₂ₚ₊₁·b₂ₚ₊₁ to a float32 sum in one instruction.
/// </summary>
/// <remarks>
/// c[i, j] = Σₚ (a[2p, i]·b[2p, j] + a[2p+1, i]·b[2p+1, j]) + addend[i, j] for tiles of 8 rows, or a single one, and 1 to 3 vectors of 16 columns, one below the other.
/// 24 sums, three vectors of B and two broadcasts of A take 29 of the 32 registers. Per pair of depths the loop reads 32 bytes of A and 64 to 192 of B and
/// multiplies 256 to 768 times. A tile's part of the output is asked for before its loop begins: it has left the first-level cache since the last block
/// of depths.
/// </remarks>
internal static class TileAssembler
{
    /// <summary>Rows of a tile.</summary>
    internal const int Rows = 8;

    private const int VectorBytes = 64;

    // A single row passes by panels as fast as memory brings them; the processor asks for the next page late.
    private const int PrefetchBytes = 4608;

    private const int FirstSaved = 6, LastSaved = 15, SavedBytes = 16;

    private static readonly AssemblerRegisterZMM[] Zmm =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private static readonly AssemblerRegisterXMM[] Xmm =
        [xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15];

    /// <summary>The code of a function that takes the address of a <see cref="TileCall"/>.</summary>
    /// <param name="rows">Rows of the tile and of a panel of A: <see cref="Rows"/> or 1.</param>
    /// <param name="vectors">Vectors of 16 columns, 1 to 3.</param>
    /// <param name="windows">Whether the caller follows the convention of Windows: argument in rcx, xmm6 to xmm15 kept.</param>
    internal static byte[] Assemble(int rows, int vectors, bool windows)
    {
        var code = new Assembler(64);
        var call = windows ? rcx : rdi;
        if (windows)
        {
            Save(code);
        }

        // rax, rdx, r8 to r11 are free in either convention.
        code.mov(rdx, __[call + 8]);
        code.mov(r9, __[call + 24]);
        code.mov(r10, __[call + 32]);
        code.mov(r11, __[call + 40]);
        var tile = code.CreateLabel();
        code.Label(ref tile);
        Prefetch(code, rows, vectors);
        code.mov(rax, __[call]);
        code.mov(r8, __[call + 16]);
        Multiply(code, rows, vectors);
        Store(code, rows, vectors);
        code.dec(__qword_ptr[call + 48]);
        code.jnz(tile);
        code.vzeroupper();
        if (windows)
        {
            Restore(code);
        }

        code.ret();
        using var stream = new MemoryStream();
        code.Assemble(new StreamCodeWriter(stream), rip: 0);
        return stream.ToArray();
    }

    private static AssemblerRegisterZMM Sum(int row, int vector) => Zmm[(row * 3) + vector];

    // Rows need not begin on a cache line, so the last element is asked for too.
    private static void Prefetch(Assembler code, int rows, int vectors)
    {
        code.mov(rax, r9);
        for (var row = 0; row < rows; row++)
        {
            for (var vector = 0; vector < vectors; vector++)
            {
                code.prefetchw(__byte_ptr[rax + (vector * VectorBytes)]);
            }

            code.prefetchw(__byte_ptr[rax + ((vectors * VectorBytes) - sizeof(float))]);
            code.add(rax, r11);
        }
    }

    private static void Multiply(Assembler code, int rows, int vectors)
    {
        for (var row = 0; row < rows; row++)
        {
            for (var vector = 0; vector < vectors; vector++)
            {
                code.vpxord(Sum(row, vector), Sum(row, vector), Sum(row, vector));
            }
        }

        var loop = code.CreateLabel();
        code.Label(ref loop);
        for (var vector = 0; vector < vectors; vector++)
        {
            code.vmovups(Zmm[24 + vector], __[r8 + (vector * VectorBytes)]);
            if (rows == 1)
            {
                code.prefetcht0(__byte_ptr[r8 + (vector * VectorBytes) + PrefetchBytes]);
            }
        }

        for (var row = 0; row < rows; row++)
        {
            var a = Zmm[27 + (row % 2)];
            code.vbroadcastss(a, __dword_ptr[rdx + (row * sizeof(float))]);
            for (var vector = 0; vector < vectors; vector++)
            {
                code.vdpbf16ps(Sum(row, vector), Zmm[24 + vector], a);
            }
        }

        code.add(rdx, rows * sizeof(float));
        code.add(r8, vectors * VectorBytes);
        code.dec(rax);
        code.jnz(loop);
    }

    private static void Store(Assembler code, int rows, int vectors)
    {
        var store = code.CreateLabel();
        code.test(r10, r10);
        code.je(store);
        for (var row = 0; row < rows; row++)
        {
            for (var vector = 0; vector < vectors; vector++)
            {
                code.vaddps(Sum(row, vector), Sum(row, vector), __zmmword_ptr[r10 + (vector * VectorBytes)]);
            }

            code.add(r10, r11);
        }

        code.Label(ref store);
        for (var row = 0; row < rows; row++)
        {
            for (var vector = 0; vector < vectors; vector++)
            {
                code.vmovups(__[r9 + (vector * VectorBytes)], Sum(row, vector));
            }

            code.add(r9, r11);
        }
    }

    private static void Save(Assembler code)
    {
        code.sub(rsp, (LastSaved - FirstSaved + 1) * SavedBytes);
        for (var register = FirstSaved; register <= LastSaved; register++)
        {
            code.vmovups(__[rsp + ((register - FirstSaved) * SavedBytes)], Xmm[register]);
        }
    }

    private static void Restore(Assembler code)
    {
        for (var register = FirstSaved; register <= LastSaved; register++)
        {
            code.vmovups(Xmm[register], __[rsp + ((register - FirstSaved) * SavedBytes)]);
        }

        code.add(rsp, (LastSaved - FirstSaved + 1) * SavedBytes);
    }
}
