using Iced.Intel;
using Transfuse.Tensors.Devices.Cpu.Gemm.Assembled;
using static Iced.Intel.AssemblerRegisters;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Int8;

/// <summary>
/// Writes the innermost loop of integer products as machine code: .NET has no intrinsic for the 512-bit VPDPBUSD of AVX512_VNNI, which adds four products
/// of unsigned and signed bytes to a 32-bit sum in one instruction.
/// </summary>
/// <remarks>
/// c[i, j] = Σ over blocks of t[i]·s[j]·Σ u[d, j]·v[d, i] − z[j]·t[i]·Σ v[d, i], + addend[i, j], for tiles of 8 rows, or a single one, and 1 or 2 vectors of 16
/// columns, packed as <see cref="IntegerPanel"/> says. 16 sums, 8 words of B, its scales and offsets and 4 sums of integers take 30 of the 32 registers. Per
/// block the loop reads 352 bytes of A and 576 to 1280 of B and multiplies 4096 or 8192 times.
/// </remarks>
internal static class IntegerAssembler
{
    // Rows whose sums of integers are formed side by side: as many as VPDPBUSD takes cycles.
    private const int Together = 4;

    // A single row passes by panels as fast as memory brings them.
    private const int PrefetchBytes = 4608;

    private const int FirstWord = 16, Scale = 24, Offset = 25, FirstInteger = 26;

    private static AssemblerRegisterZMM[] Zmm => TileFunction.Zmm;

    /// <summary>The code of a function that takes the address of a <see cref="TileCall"/>; its steps are blocks of depths.</summary>
    /// <param name="rows">Rows of the tile and of a panel of A: <see cref="IntegerPanel.Rows"/> or 1.</param>
    /// <param name="vectors">Vectors of 16 columns, 1 or 2.</param>
    /// <param name="hasMinima">Whether B has offsets.</param>
    /// <param name="windows">Whether the caller follows the convention of Windows.</param>
    internal static byte[] Assemble(int rows, int vectors, bool hasMinima, bool windows) =>
        new TileFunction(rows, vectors, Sum, code => Multiply(code, rows, vectors, hasMinima)).Assemble(windows);

    private static AssemblerRegisterZMM Sum(int row, int vector) => Zmm[(row * 2) + vector];

    private static void Multiply(Assembler code, int rows, int vectors, bool hasMinima)
    {
        var loop = code.CreateLabel();
        code.Label(ref loop);
        var bytes = IntegerPanel.VectorBytes(hasMinima);
        for (var vector = 0; vector < vectors; vector++)
        {
            Load(code, vector * bytes, rows, hasMinima);
            for (var row = 0; row < rows; row += Together)
            {
                MultiplyRows(code, row, Math.Min(Together, rows - row), rows, vector, hasMinima);
            }
        }

        code.add(rdx, IntegerPanel.RowBytes(rows));
        code.add(r8, vectors * bytes);
        code.dec(rax);
        code.jnz(loop);
    }

    private static void Load(Assembler code, int start, int rows, bool hasMinima)
    {
        for (var i = 0; i < IntegerPanel.Words + (hasMinima ? 2 : 1); i++)
        {
            code.vmovups(Zmm[FirstWord + i], __[r8 + (start + (i * TileFunction.VectorBytes))]);
            if (rows == 1)
            {
                code.prefetcht0(__byte_ptr[r8 + (start + (i * TileFunction.VectorBytes) + PrefetchBytes)]);
            }
        }
    }

    private static void MultiplyRows(Assembler code, int first, int count, int rows, int vector, bool hasMinima)
    {
        // In order: scales, −128·Σ v, −t·Σ v.
        int Constant(int which, int row) => IntegerPanel.ScaleOffset(rows) + (((which * rows) + row) * sizeof(float));
        for (var i = 0; i < count; i++)
        {
            var integer = Zmm[FirstInteger + i];
            if (hasMinima)
            {
                code.vpxord(integer, integer, integer);
            }
            else
            {
                code.vpbroadcastd(integer, __dword_ptr[rdx + Constant(1, first + i)]);
            }
        }

        for (var word = 0; word < IntegerPanel.Words; word++)
        {
            for (var i = 0; i < count; i++)
            {
                code.vpdpbusd(Zmm[FirstInteger + i], Zmm[FirstWord + word], __dword_bcst[rdx + (((word * rows) + first + i) * sizeof(float))]);
            }
        }

        for (var i = 0; i < count; i++)
        {
            var (integer, sum) = (Zmm[FirstInteger + i], Sum(first + i, vector));
            code.vcvtdq2ps(integer, integer);
            code.vmulps(integer, integer, Zmm[Scale]);
            code.vfmadd231ps(sum, integer, __dword_bcst[rdx + Constant(0, first + i)]);
            if (hasMinima)
            {
                code.vfmadd231ps(sum, Zmm[Offset], __dword_bcst[rdx + Constant(2, first + i)]);
            }
        }
    }
}
