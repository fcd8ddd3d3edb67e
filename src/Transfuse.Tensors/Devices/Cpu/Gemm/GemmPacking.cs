using System.Runtime.CompilerServices;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// Packs blocks of the operands and multiplies packed blocks. A packed block of A holds, depth block by depth block, its panels one after the other; one of
/// B holds panel by panel all depths.
/// </summary>
internal readonly unsafe struct GemmPacking<TKernel>(TKernel kernel, GemmArguments arguments, GemmPlan plan)
    where TKernel : struct, IGemmKernel
{
    private readonly TKernel _kernel = kernel;

    /// <summary>The product.</summary>
    internal GemmArguments Arguments { get; } = arguments;

    /// <summary>The blocks.</summary>
    internal GemmPlan Plan { get; } = plan;

    /// <summary>Whether B was packed beforehand.</summary>
    internal bool HasPackedB => Arguments.PackedB is not null;

    /// <summary>Parts of the depth.</summary>
    internal int DepthParts => GemmPlan.Parts(Arguments.K, Plan.SlabDepth);

    /// <summary>Parts of the shared operand that are packed at once.</summary>
    internal int SlabCount => DepthParts * SharedParts;

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

    /// <summary>All columns of a slab, as they were packed beforehand.</summary>
    internal GemmBlock PackedColumns(GemmSlab slab) => AllColumns((byte*)Arguments.PackedB!.Value.Data, slab.FirstDepth / Plan.SlabDepth);

    /// <summary>Where a part of the depth lies in a B that is packed whole, slab after slab: whatever the number of rows, products read the same.</summary>
    internal GemmBlock AllColumns(byte* packed, int depthPart) =>
        new(packed + (SizeInBytes(rows: false, Arguments.N) * (nuint)depthPart), 0, Arguments.N);

    /// <summary>Width of a panel of A (<paramref name="rows"/>) or B.</summary>
    internal int TileLines(bool rows) => !rows ? _kernel.TileColumns : IsOneRow ? 1 : _kernel.TileRows;

    // Decoding: nothing but the row is packed, and a panel of its own width does not fill the first-level cache.
    private bool IsOneRow => Arguments.M == 1 && HasPackedB && Arguments.A.DepthContiguous;

    /// <summary>Bytes of a packed block of A (<paramref name="rows"/>) or B, a multiple of a cache line.</summary>
    internal nuint SizeInBytes(bool rows, int lines)
    {
        var tile = TileLines(rows);
        var padded = (nuint)((lines + tile - 1) / tile * tile);
        var depth = (nuint)(PaddedDepth(Plan.DepthBlock) * ((Plan.SlabDepth + Plan.DepthBlock - 1) / Plan.DepthBlock));
        return (padded * depth * (nuint)_kernel.ElementSize + 63) & ~(nuint)63;
    }

    /// <summary>Packs <paramref name="count"/> lines of a block, from its own line <paramref name="first"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Pack(bool rows, GemmSlab slab, GemmBlock block, int first, int count)
    {
        var (blockStart, blockLines) = (block.FirstLine, block.Lines);
        var tile = TileLines(rows);
        for (var start = 0; start < slab.Depth; start += Plan.DepthBlock)
        {
            var depth = Math.Min(Plan.DepthBlock, slab.Depth - start);
            for (var line = first; line < first + count; line += tile)
            {
                var lines = Math.Min(tile, blockLines - line);
                var panel = block.Data + (rows ? RowPanel(block, line, start, depth) : ColumnPanel(block, line, start, slab.Depth));
                if (rows && IsOneRow)
                {
                    _kernel.PackRow(Arguments.A, slab.FirstDepth + start, depth, panel);
                }
                else if (rows && !Arguments.A.DepthContiguous && line + (IGemmKernel.RowGroup * tile) <= Math.Min(first + count, blockLines))
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

    /// <summary>Multiplies a packed block of rows with <paramref name="columns"/> columns of a packed block, from B's <paramref name="firstColumn"/> on, into the output.</summary>
    /// <remarks>A panel of columns passes through all depths before the next one's turn: its part of the output stays in the second-level cache.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Multiply(GemmSlab slab, GemmBlock a, GemmBlock b, int firstColumn, int columns)
    {
        for (var row = 0; row < a.Lines; row += GemmPlan.RowBlock)
        {
            var rowEnd = Math.Min(row + GemmPlan.RowBlock, a.Lines);
            for (var column = 0; column < columns; column += _kernel.TileColumns)
            {
                var width = Math.Min(_kernel.TileColumns, columns - column);
                for (var start = 0; start < slab.Depth; start += Plan.DepthBlock)
                {
                    var depth = Math.Min(Plan.DepthBlock, slab.Depth - start);
                    var aPanel = a.Data + RowPanel(a, row, start, depth);
                    var bPanel = b.Data + ColumnPanel(b, firstColumn - b.FirstLine + column, start, slab.Depth);
                    var addend = slab.FirstDepth + start == 0 ? Arguments.Addend : Arguments.Destination;
                    var offset = ((nint)(a.FirstLine + row) * Arguments.Stride) + firstColumn + column;
                    var tile = new GemmTile(
                        Arguments.Destination + offset, addend == null ? null : addend + offset, Arguments.Stride, rowEnd - row, width);
                    if (IsOneRow)
                    {
                        _kernel.MultiplyRow(depth, aPanel, bPanel, tile);
                    }
                    else
                    {
                        _kernel.Multiply(depth, aPanel, bPanel, tile);
                    }
                }
            }
        }
    }

    /// <summary>The same product with the part of its output from (<paramref name="row"/>, <paramref name="column"/>) on written to another place.</summary>
    /// <param name="destination">First element.</param>
    /// <param name="stride">Elements from one row to the next.</param>
    /// <param name="row">The output's row that is the first there.</param>
    /// <param name="column">The output's column that is the first there.</param>
    internal GemmPacking<TKernel> Into(float* destination, int stride, int row, int column) =>
        new(_kernel, Arguments with { Destination = destination - (((nint)row * stride) + column), Stride = stride }, Plan);

    private int PaddedDepth(int depth) => (depth + _kernel.DepthMultiple - 1) / _kernel.DepthMultiple * _kernel.DepthMultiple;

    // Panels of a depth block follow one another, since the innermost loop takes many; all depth blocks before the last have the plan's depth.
    private nint RowPanel(GemmBlock block, int line, int start, int depth)
    {
        var tile = TileLines(rows: true);
        var before = (nint)((block.Lines + tile - 1) / tile * tile) * (start / Plan.DepthBlock) * PaddedDepth(Plan.DepthBlock);
        return (before + ((nint)line * PaddedDepth(depth))) * _kernel.ElementSize;
    }

    // Depth blocks of a panel follow one another: it is read from end to end.
    private nint ColumnPanel(GemmBlock block, int line, int start, int slabDepth) =>
        (((nint)line * PaddedDepth(slabDepth)) + ((nint)start * _kernel.PanelColumns(Math.Min(_kernel.TileColumns, block.Lines - line)))) * _kernel.ElementSize;
}
