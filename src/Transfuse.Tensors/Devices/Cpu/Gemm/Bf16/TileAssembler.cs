using Iced.Intel;
using Transfuse.Tensors.Devices.Cpu.Gemm.Assembled;
using static Iced.Intel.AssemblerRegisters;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;

/// <summary>
/// Writes the innermost loop of bfloat16 products as machine code: .NET has no intrinsic for AVX512_BF16's VDPBF16PS, which adds
/// a₂ₚ·b₂ₚ and a₂ₚ₊₁·b₂ₚ₊₁ to a float32 sum in one instruction.
/// </summary>
/// <remarks>
/// c[i, j] = Σₚ (a[2p, i]·b[2p, j] + a[2p+1, i]·b[2p+1, j]) + addend[i, j] for tiles of 8 rows, or a single one, and 1 to 3 vectors of 16 columns.
/// 24 sums, three vectors of B and two broadcasts of A take 29 of the 32 registers. Per pair of depths the loop reads 32 bytes of A and 64 to 192 of B and
/// multiplies 256 to 768 times.
/// </remarks>
internal static class TileAssembler
{
    /// <summary>Rows of a tile.</summary>
    internal const int Rows = 8;

    // A single row passes by panels as fast as memory brings them; the processor asks for the next page late.
    private const int PrefetchBytes = 4608;

    private static AssemblerRegisterZMM[] Zmm => TileFunction.Zmm;

    /// <summary>The code of a function that takes the address of a <see cref="TileCall"/>; its steps are pairs of depths.</summary>
    /// <param name="rows">Rows of the tile and of a panel of A: <see cref="Rows"/> or 1.</param>
    /// <param name="vectors">Vectors of 16 columns, 1 to 3.</param>
    /// <param name="windows">Whether the caller follows the convention of Windows.</param>
    internal static byte[] Assemble(int rows, int vectors, bool windows) =>
        new TileFunction(rows, vectors, Sum, code => Multiply(code, rows, vectors)).Assemble(windows);

    private static AssemblerRegisterZMM Sum(int row, int vector) => Zmm[(row * 3) + vector];

    private static void Multiply(Assembler code, int rows, int vectors)
    {
        var loop = code.CreateLabel();
        code.Label(ref loop);
        for (var vector = 0; vector < vectors; vector++)
        {
            code.vmovups(Zmm[24 + vector], __[r8 + (vector * TileFunction.VectorBytes)]);
            if (rows == 1)
            {
                code.prefetcht0(__byte_ptr[r8 + (vector * TileFunction.VectorBytes) + PrefetchBytes]);
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
        code.add(r8, vectors * TileFunction.VectorBytes);
        code.dec(rax);
        code.jnz(loop);
    }
}
