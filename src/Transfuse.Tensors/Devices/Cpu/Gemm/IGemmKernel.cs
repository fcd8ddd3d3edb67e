namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// What one instruction tier contributes to a matrix product: the packed form of the operands, and the product of one small tile.
/// <see cref="PackedGemm"/> does the rest and knows neither the format of packed elements nor the registers.
/// </summary>
/// <remarks>
/// A packed panel holds, for every depth, the elements of its lines side by side: panels of A are <see cref="TileRows"/> lines wide,
/// panels of B <see cref="TileColumns"/> or, the last one of a matrix, <see cref="PanelColumns"/>.
/// </remarks>
internal unsafe interface IGemmKernel
{
    /// <summary>Panels of A that are packed together where that pays. More would meet in the same sets of the first-level cache.</summary>
    const int RowGroup = 4;

    /// <summary>Rows of a tile of the output.</summary>
    int TileRows { get; }

    /// <summary>Columns of a tile of the output.</summary>
    int TileColumns { get; }

    /// <summary>Bytes of one packed element.</summary>
    int ElementSize { get; }

    /// <summary>Depths are padded with zeros to a multiple of this.</summary>
    int DepthMultiple { get; }

    /// <summary>Blocks of the depth are a multiple of this where they can be: what packing takes at once.</summary>
    int DepthUnit { get; }

    /// <summary>Packed width of a panel of B of <paramref name="columns"/> columns, at most <see cref="TileColumns"/>.</summary>
    int PanelColumns(int columns);

    /// <summary>Packs up to <see cref="TileRows"/> lines of A from (<paramref name="line"/>, <paramref name="start"/>). What missing lines hold is of no matter.</summary>
    void PackRows(in GemmOperand operand, int line, int lines, int start, int depth, byte* destination);

    /// <summary>
    /// Packs the lines of <see cref="RowGroup"/> neighbouring full panels of an A whose lines lie side by side: so many elements of a depth fill
    /// whole cache lines, of which a single panel takes a part.
    /// </summary>
    void PackRowGroup(in GemmOperand operand, int line, int start, int depth, byte* destination);

    /// <summary>Packs the only line of A, of any type that <see cref="PackRows"/> takes and with its elements side by side, as <see cref="MultiplyRow"/> reads it: depth after depth.</summary>
    void PackRow(in GemmOperand operand, int start, int depth, byte* destination);

    /// <summary>Packs up to <see cref="TileColumns"/> lines of B from (<paramref name="line"/>, <paramref name="start"/>). What missing lines hold is of no matter.</summary>
    void PackColumns(in GemmOperand operand, int line, int lines, int start, int depth, byte* destination);

    /// <summary>
    /// tile = a·b + addend, summed over <paramref name="depth"/> before the addend joins. The tile is at most a panel of B wide and any number of
    /// panels of A high, which follow each other from <paramref name="a"/> on.
    /// </summary>
    void Multiply(int depth, byte* a, byte* b, in GemmTile tile);

    /// <summary>The same for a tile of one row, which <see cref="PackRow"/> packed; sums have the same order.</summary>
    void MultiplyRow(int depth, byte* a, byte* b, in GemmTile tile);
}
