using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Assembled;

/// <summary>
/// What assembled products have around their innermost loop: c = sums + addend for tiles one below the other, by a function that takes the address of a
/// <see cref="TileCall"/>. A tile's part of the output is asked for before its loop begins: it has left the first-level cache since the last block of depths.
/// </summary>
/// <remarks>
/// The loop finds the number of steps in rax, A in rdx, which it leaves at the next tile's panel, and B in r8. r9 to r11 are not its own; sums begin at zero.
/// </remarks>
/// <param name="rows">Rows of a tile.</param>
/// <param name="vectors">Vectors of 16 columns.</param>
/// <param name="sum">Register of a row's vector.</param>
/// <param name="multiply">Writes the loop.</param>
internal sealed class TileFunction(int rows, int vectors, Func<int, int, AssemblerRegisterZMM> sum, Action<Assembler> multiply)
{
    /// <summary>Bytes of a vector.</summary>
    internal const int VectorBytes = 64;

    private const int FirstSaved = 6, LastSaved = 15, SavedBytes = 16;

    private static readonly AssemblerRegisterXMM[] Xmm =
        [xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15];

    /// <summary>The registers by number.</summary>
    internal static AssemblerRegisterZMM[] Zmm { get; } =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    /// <summary>The code of the function.</summary>
    /// <param name="windows">Whether the caller follows the convention of Windows: argument in rcx, xmm6 to xmm15 kept.</param>
    internal byte[] Assemble(bool windows)
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
        Prefetch(code);
        code.mov(rax, __[call]);
        code.mov(r8, __[call + 16]);
        Clear(code);
        multiply(code);
        Store(code);
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

    // Rows need not begin on a cache line, so the last element is asked for too.
    private void Prefetch(Assembler code)
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

    private void Clear(Assembler code)
    {
        for (var row = 0; row < rows; row++)
        {
            for (var vector = 0; vector < vectors; vector++)
            {
                code.vpxord(sum(row, vector), sum(row, vector), sum(row, vector));
            }
        }
    }

    private void Store(Assembler code)
    {
        var store = code.CreateLabel();
        code.test(r10, r10);
        code.je(store);
        for (var row = 0; row < rows; row++)
        {
            for (var vector = 0; vector < vectors; vector++)
            {
                code.vaddps(sum(row, vector), sum(row, vector), __zmmword_ptr[r10 + (vector * VectorBytes)]);
            }

            code.add(r10, r11);
        }

        code.Label(ref store);
        for (var row = 0; row < rows; row++)
        {
            for (var vector = 0; vector < vectors; vector++)
            {
                code.vmovups(__[r9 + (vector * VectorBytes)], sum(row, vector));
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
