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
    /// <summary>Rows of a tile of the output.</summary>
    int TileRows { get; }

    /// <summary>Columns of a tile of the output.</summary>
    int TileColumns { get; }

    /// <summary>Bytes of one packed element.</summary>
    int ElementSize { get; }

    /// <summary>Depths are padded with zeros to a multiple of this.</summary>
    int DepthMultiple { get; }

    /// <summary>Packed width of a panel of B of <paramref name="columns"/> columns, at most <see cref="TileColumns"/>.</summary>
    int PanelColumns(int columns);

    /// <summary>Packs up to <see cref="TileRows"/> lines of A from (<paramref name="line"/>, <paramref name="start"/>). What missing lines hold is of no matter.</summary>
    void PackRows(in GemmOperand operand, int line, int lines, int start, int depth, byte* destination);

    /// <summary>Packs up to <see cref="TileColumns"/> lines of B from (<paramref name="line"/>, <paramref name="start"/>). What missing lines hold is of no matter.</summary>
    void PackColumns(in GemmOperand operand, int line, int lines, int start, int depth, byte* destination);

    /// <summary>tile = a·b + addend, summed over <paramref name="depth"/> before the addend joins.</summary>
    void Multiply(int depth, byte* a, byte* b, in GemmTile tile);
}
