using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Gemm.Assembled;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;

/// <summary>
/// Products of operands rounded to bfloat16 while they are packed, with sums in float32: tiles of 8 rows and three 512-bit vectors, by assembled code.
/// </summary>
internal readonly unsafe struct BFloat16Kernel(BFloat16Code code) : IGemmKernel
{
    private const int Lanes = 16;
    private const int MostVectors = 3;

    public int TileRows => TileAssembler.Rows;

    public int TileColumns => MostVectors * Lanes;

    public int ElementSize => sizeof(ushort);

    public int DepthMultiple => 2;

    public int DepthUnit => 32;

    public int PanelColumns(int columns) => (columns + Lanes - 1) / Lanes * Lanes;

    public void PackRows(in GemmOperand operand, int line, int lines, int start, int depth, byte* destination) =>
        Pack(operand, line, lines, start, depth, destination, TileRows);

    public void PackRowGroup(in GemmOperand operand, int line, int start, int depth, byte* destination) =>
        new PairPacking(code, operand).CopyGroup(line, start, depth, destination);

    public void PackRow(in GemmOperand operand, int start, int depth, byte* destination)
    {
        var row = new Span<BFloat16>(destination, depth);
        if (operand.IsBFloat16)
        {
            new ReadOnlySpan<BFloat16>(operand.Address(0, start), depth).CopyTo(row);
        }
        else
        {
            BFloat16.FromSingle(new ReadOnlySpan<float>(operand.At(0, start), depth), row);
        }

        if (depth % 2 != 0)
        {
            ((BFloat16*)destination)[depth] = default;
        }
    }

    public void PackColumns(in GemmOperand operand, int line, int lines, int start, int depth, byte* destination) =>
        Pack(operand, line, lines, start, depth, destination, PanelColumns(lines));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Multiply(int depth, byte* a, byte* b, in GemmTile tile)
    {
        var vectors = PanelColumns(tile.Columns) / Lanes;
        var wholeRows = tile.Columns == vectors * Lanes ? tile.Rows / TileRows * TileRows : 0;
        if (wholeRows > 0)
        {
            Call(depth, a, b, vectors, tile, wholeRows / TileRows);
        }

        for (var row = wholeRows; row < tile.Rows; row += TileRows)
        {
            var panel = a + ((nint)row * ((depth + 1) / 2) * sizeof(uint));
            MultiplyEdge(depth, panel, b, vectors, tile.From(row, TileRows));
        }
    }

    [SkipLocalsInit]
    public void MultiplyRow(int depth, byte* a, byte* b, in GemmTile tile)
    {
        var vectors = PanelColumns(tile.Columns) / Lanes;
        var width = vectors * Lanes;
        if (tile.Columns == width)
        {
            Call(depth, a, b, vectors, tile, 1, isOneRow: true);
            return;
        }

        var whole = stackalloc float[MostVectors * Lanes];
        Call(depth, a, b, vectors, new GemmTile(whole, null, width, 1, width), 1, isOneRow: true);
        tile.Take(whole, width);
    }

    private void Call(int depth, byte* a, byte* b, int vectors, in GemmTile tile, int tiles, bool isOneRow = false)
    {
        var call = new TileCall
        {
            Steps = (depth + 1) / 2,
            A = a,
            B = b,
            Destination = tile.Destination,
            Addend = tile.Addend,
            StrideInBytes = tile.Stride * sizeof(float),
            Tiles = tiles,
        };
        code.Product(vectors, isOneRow)(&call);
    }

    // A tile that fills no whole vectors or rows is computed whole beside the matrix.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private void MultiplyEdge(int depth, byte* a, byte* b, int vectors, in GemmTile tile)
    {
        var whole = stackalloc float[TileAssembler.Rows * MostVectors * Lanes];
        var width = vectors * Lanes;
        Call(depth, a, b, vectors, new GemmTile(whole, null, width, TileRows, width), 1);
        tile.Take(whole, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pack(in GemmOperand operand, int line, int lines, int start, int depth, byte* destination, int width)
    {
        if (operand.Resting is null)
        {
            new PairPacking(code, operand).Pack(line, lines, start, depth, destination, width);
        }
        else if (operand.TryGetBFloat16(line, lines, start, depth, out var stored))
        {
            new PairPacking(code, stored).Pack(0, lines, 0, depth, destination, width);
        }
        else
        {
            PackWidened(operand, line, lines, start, depth, destination, width);
        }
    }

    // Rows are widened beside the panel and rounded from there.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private void PackWidened(in GemmOperand operand, int line, int lines, int start, int depth, byte* destination, int width)
    {
        var room = stackalloc float[lines * depth];
        new PairPacking(code, operand.Widen(line, lines, start, depth, room)).Pack(0, lines, 0, depth, destination, width);
    }
}
