namespace Transfuse.Tensors.Devices.Cpu.Gemm.Int8;

/// <summary>
/// How operands of integer products are packed. Blocks of 32 depths share a scale: w = s·u − z with u from 0 to 255 for a weight, a = t·v with v from −127 to
/// 127 for a row, so that Σ w·a over a block is s·t·Σ u·v − z·t·Σ v. Four depths lie side by side in a word.
/// </summary>
/// <remarks>
/// A panel of B has up to 32 columns. For each block and each vector of 16 columns it holds 8 vectors of words, the scales s and, in weights with minima, the
/// offsets z. Without minima z is 128·s, and sums begin at −128·Σ v instead. A panel of A has 8 rows or one; for each block it holds 8 words of every row, then
/// of every row t, −128·Σ v as an integer, and −t·Σ v.
/// </remarks>
internal static class IntegerPanel
{
    /// <summary>Depths of a block.</summary>
    internal const int Depths = 32;

    /// <summary>Words of a block.</summary>
    internal const int Words = Depths / 4;

    /// <summary>What stands for zero in weights without minima.</summary>
    internal const int Zero = 128;

    /// <summary>Rows of a tile of the output.</summary>
    internal const int Rows = 8;

    /// <summary>Columns of a vector.</summary>
    internal const int Lanes = 16;

    /// <summary>Columns of a tile of the output.</summary>
    internal const int Columns = 2 * Lanes;

    /// <summary>Bytes of a block of 16 columns of B.</summary>
    internal static int VectorBytes(bool hasMinima) => (Words + (hasMinima ? 2 : 1)) * Lanes * sizeof(float);

    /// <summary>Bytes of a block of A.</summary>
    /// <param name="rows">Rows of the panel.</param>
    internal static int RowBytes(int rows) => (Words + 3) * rows * sizeof(float);

    /// <summary>Where, in a block of A, the rows' scales t begin; −128·Σ v and −t·Σ v follow.</summary>
    internal static int ScaleOffset(int rows) => Words * rows * sizeof(float);
}
