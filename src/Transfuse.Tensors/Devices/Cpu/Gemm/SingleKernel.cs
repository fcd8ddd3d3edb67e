using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>Products in float32: tiles of <typeparamref name="TProduct"/> rows and three vectors, packed as they are.</summary>
/// <typeparam name="TVector">The tier's vector.</typeparam>
/// <typeparam name="TProduct">The innermost loop; its rows suit the number of registers.</typeparam>
/// <typeparam name="TNarrow">A vector whose lanes divide the rows of a tile, for packing; wide enough for the transposition to use.</typeparam>
internal readonly unsafe struct SingleKernel<TVector, TProduct, TNarrow> : IGemmKernel
    where TVector : unmanaged, IVector<TVector>
    where TProduct : struct, ITileProduct
    where TNarrow : unmanaged, IVector<TNarrow>
{
    public int TileRows => TProduct.Rows;

    public int TileColumns => 3 * TVector.Count;

    public int ElementSize => sizeof(float);

    public int DepthMultiple => 1;

    public int DepthUnit => 8;

    public int PanelColumns(int columns) => (columns + TVector.Count - 1) / TVector.Count * TVector.Count;

    public void PackRows(in GemmOperand operand, int line, int lines, int start, int depth, byte* destination) =>
        Pack<TNarrow>(operand, line, lines, start, depth, (float*)destination, TProduct.Rows);

    public void PackRowGroup(in GemmOperand operand, int line, int start, int depth, byte* destination) =>
        PanelPacking.CopyGroup<TNarrow>(operand.At(line, start), operand.Stride, depth, (float*)destination, TProduct.Rows);

    public void PackRow(in GemmOperand operand, int start, int depth, byte* destination) =>
        new ReadOnlySpan<float>(operand.At(0, start), depth).CopyTo(new Span<float>(destination, depth));

    public void PackColumns(in GemmOperand operand, int line, int lines, int start, int depth, byte* destination) =>
        Pack<TVector>(operand, line, lines, start, depth, (float*)destination, PanelColumns(lines));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Multiply(int depth, byte* a, byte* b, in GemmTile tile)
    {
        var vectors = PanelColumns(tile.Columns) / TVector.Count;
        var isWhole = tile.Columns == vectors * TVector.Count;
        for (var row = 0; row < tile.Rows; row += TProduct.Rows)
        {
            var panel = (float*)a + ((nint)row * depth);
            if (isWhole)
            {
                MultiplyFull(depth, panel, (float*)b, vectors, tile.From(row, TProduct.Rows));
            }
            else
            {
                MultiplyEdge(depth, panel, (float*)b, vectors, tile.From(row, TProduct.Rows));
            }
        }
    }

    [SkipLocalsInit]
    public void MultiplyRow(int depth, byte* a, byte* b, in GemmTile tile)
    {
        var vectors = PanelColumns(tile.Columns) / TVector.Count;
        if (tile.Columns == vectors * TVector.Count)
        {
            OneRowProduct.Multiply<TVector>(depth, (float*)a, (float*)b, vectors, tile);
            return;
        }

        var width = vectors * TVector.Count;
        var whole = stackalloc float[3 * TVector.Count];
        OneRowProduct.Multiply<TVector>(depth, (float*)a, (float*)b, vectors, new GemmTile(whole, null, width, 1, width));
        tile.Take(whole, width);
    }

    private static void MultiplyFull(int depth, float* a, float* b, int vectors, in GemmTile tile)
    {
        switch (vectors)
        {
            case 3:
                TProduct.Multiply<TVector, TileRow3<TVector>>(depth, a, b, tile);
                break;
            case 2:
                TProduct.Multiply<TVector, TileRow2<TVector>>(depth, a, b, tile);
                break;
            default:
                TProduct.Multiply<TVector, TileRow1<TVector>>(depth, a, b, tile);
                break;
        }
    }

    // A tile that ends inside a vector is computed whole beside the matrix, so that nothing is written past a row's end.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void MultiplyEdge(int depth, float* a, float* b, int vectors, in GemmTile tile)
    {
        var width = vectors * TVector.Count;
        var whole = stackalloc float[TProduct.Rows * 3 * TVector.Count];
        MultiplyFull(depth, a, b, vectors, new GemmTile(whole, null, width, tile.Rows, width));
        tile.Take(whole, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack<TCopy>(in GemmOperand operand, int line, int lines, int start, int depth, float* destination, int width)
        where TCopy : unmanaged, IVector<TCopy>
    {
        if (operand.Resting is not null)
        {
            PackResting<TCopy>(operand, line, lines, start, depth, destination, width);
            return;
        }

        var source = operand.At(line, start);
        if (operand.DepthContiguous)
        {
            PanelPacking.Transpose<TNarrow>(source, operand.Stride, lines, depth, destination, width);
        }
        else
        {
            PanelPacking.Copy<TCopy>(source, operand.Stride, lines, depth, destination, width);
        }
    }

    // Rows are widened beside the panel and packed from there, so the panel has the bits that the widened weight would give it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void PackResting<TCopy>(in GemmOperand operand, int line, int lines, int start, int depth, float* destination, int width)
        where TCopy : unmanaged, IVector<TCopy>
    {
        var room = stackalloc float[lines * depth];
        Pack<TCopy>(operand.Widen(line, lines, start, depth, room), 0, lines, 0, depth, destination, width);
    }
}
