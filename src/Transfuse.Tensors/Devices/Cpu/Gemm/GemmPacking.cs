using System.Runtime.CompilerServices;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// Packs blocks of the operands and multiplies packed blocks. A packed block holds, depth block by depth block, its panels one after
/// the other.
/// </summary>
internal readonly unsafe struct GemmPacking<TKernel>(TKernel kernel, GemmArguments arguments, GemmPlan plan)
    where TKernel : struct, IGemmKernel
{
    private readonly TKernel _kernel = kernel;

    /// <summary>The product.</summary>
    internal GemmArguments Arguments { get; } = arguments;

    /// <summary>The blocks.</summary>
    internal GemmPlan Plan { get; } = plan;

    /// <summary>Whether B was packed beforehand, the way this product reads it.</summary>
    internal bool HasPackedB => Arguments.PackedB.Fits(Plan);

    /// <summary>Columns of a block of B.</summary>
    internal int ColumnBlock => Plan.OwnsRows ? Plan.SharedSlab : Plan.OwnedBlock;

    /// <summary>Blocks of B, over all depths.</summary>
    internal int ColumnBlocks => DepthParts * GemmPlan.Parts(Arguments.N, ColumnBlock);

    /// <summary>Parts of the shared operand that are packed at once.</summary>
    internal int SlabCount => DepthParts * SharedParts;

    private int DepthParts => GemmPlan.Parts(Arguments.K, Plan.SlabDepth);

    private int SharedParts => GemmPlan.Parts(Plan.OwnsRows ? Arguments.N : Arguments.M, Plan.SharedSlab);

    /// <summary>Slab <paramref name="index"/>: all lines of the shared operand before the next depth.</summary>
    internal GemmSlab SlabAt(int index)
    {
        var (depthPart, sharedPart) = Math.DivRem(index, SharedParts);
        var (depthStart, sharedStart) = (depthPart * Plan.SlabDepth, sharedPart * Plan.SharedSlab);
        var sharedTotal = Plan.OwnsRows ? Arguments.N : Arguments.M;
        return new GemmSlab(
            depthStart, Math.Min(Plan.SlabDepth, Arguments.K - depthStart), sharedStart, Math.Min(Plan.SharedSlab, sharedTotal - sharedStart));
    }

    /// <summary>Block <paramref name="block"/> of a depth of the columns that were packed beforehand.</summary>
    internal byte* PackedBlock(int depthPart, int block) =>
        Arguments.PackedB.Data + (SizeInBytes(rows: false, ColumnBlock) * (nuint)((depthPart * GemmPlan.Parts(Arguments.N, ColumnBlock)) + block));

    /// <summary>Width of a panel of A (<paramref name="rows"/>) or B.</summary>
    internal int TileLines(bool rows) => rows ? _kernel.TileRows : _kernel.TileColumns;

    /// <summary>Bytes of a packed block of A (<paramref name="rows"/>) or B, a multiple of a cache line.</summary>
    internal nuint SizeInBytes(bool rows, int lines)
    {
        var tile = TileLines(rows);
        var padded = (nuint)((lines + tile - 1) / tile * tile);
        var depth = (nuint)(PaddedDepth(Plan.DepthBlock) * ((Plan.SlabDepth + Plan.DepthBlock - 1) / Plan.DepthBlock));
        return (padded * depth * (nuint)_kernel.ElementSize + 63) & ~(nuint)63;
    }

    /// <summary>Packs <paramref name="count"/> lines from <paramref name="first"/> of the block that starts at line <paramref name="blockStart"/> and has <paramref name="blockLines"/> lines.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Pack(bool rows, GemmSlab slab, int blockStart, int blockLines, int first, int count, byte* block)
    {
        var tile = TileLines(rows);
        for (var start = 0; start < slab.Depth; start += Plan.DepthBlock)
        {
            var depth = Math.Min(Plan.DepthBlock, slab.Depth - start);
            var depthBlock = block + DepthBlockOffset(blockLines, tile, start);
            for (var line = first; line < first + count; line += tile)
            {
                var lines = Math.Min(tile, blockLines - line);
                var panel = depthBlock + PanelOffset(line, depth);
                if (rows && !Arguments.A.DepthContiguous && line + (IGemmKernel.RowGroup * tile) <= Math.Min(first + count, blockLines))
                {
                    _kernel.PackRowGroup(Arguments.A, blockStart + line, slab.FirstDepth + start, depth, panel);
                    line += (IGemmKernel.RowGroup - 1) * tile;
                }
                else if (rows)
                {
                    _kernel.PackRows(Arguments.A, blockStart + line, lines, slab.FirstDepth + start, depth, panel);
                }
                else
                {
                    _kernel.PackColumns(Arguments.B, blockStart + line, lines, slab.FirstDepth + start, depth, panel);
                }
            }
        }
    }

    /// <summary>Multiplies a packed block of rows with a packed block of columns into the output.</summary>
    /// <remarks>A panel of columns passes through all depths before the next one's turn: its part of the output stays in the second-level cache.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Multiply(GemmSlab slab, byte* a, int firstRow, int rows, byte* b, int firstColumn, int columns)
    {
        for (var row = 0; row < rows; row += GemmPlan.RowBlock)
        {
            var rowEnd = Math.Min(row + GemmPlan.RowBlock, rows);
            for (var column = 0; column < columns; column += _kernel.TileColumns)
            {
                var width = Math.Min(_kernel.TileColumns, columns - column);
                for (var start = 0; start < slab.Depth; start += Plan.DepthBlock)
                {
                    var depth = Math.Min(Plan.DepthBlock, slab.Depth - start);
                    var aBlock = a + DepthBlockOffset(rows, _kernel.TileRows, start);
                    var panel = b + DepthBlockOffset(columns, _kernel.TileColumns, start) + PanelOffset(column, depth);
                    var addend = slab.FirstDepth + start == 0 ? Arguments.Addend : Arguments.Destination;
                    var offset = ((nint)(firstRow + row) * Arguments.N) + firstColumn + column;
                    var tile = new GemmTile(
                        Arguments.Destination + offset, addend == null ? null : addend + offset, Arguments.N, rowEnd - row, width);
                    _kernel.Multiply(depth, aBlock + PanelOffset(row, depth), panel, tile);
                }
            }
        }
    }

    private int PaddedDepth(int depth) => (depth + _kernel.DepthMultiple - 1) / _kernel.DepthMultiple * _kernel.DepthMultiple;

    // All depth blocks before the last have the plan's depth.
    private nint DepthBlockOffset(int lines, int tile, int start) =>
        (nint)((lines + tile - 1) / tile * tile) * (start / Plan.DepthBlock) * PaddedDepth(Plan.DepthBlock) * _kernel.ElementSize;

    private nint PanelOffset(int line, int depth) => (nint)line * PaddedDepth(depth) * _kernel.ElementSize;
}
