using System.Runtime.CompilerServices;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;

/// <summary>
/// Products of operands rounded to bfloat16 while they are packed, with sums in float32: tiles of 8 rows and three 512-bit vectors, by assembled code.
/// </summary>
internal readonly unsafe struct BFloat16Kernel(TileCode code) : IGemmKernel
{
    private const int Lanes = 16;
    private const int MostVectors = 3;

    public int TileRows => TileAssembler.Rows;

    public int TileColumns => MostVectors * Lanes;

    public int ElementSize => sizeof(ushort);

    public int DepthMultiple => 2;

    public int PanelColumns(int columns) => (columns + Lanes - 1) / Lanes * Lanes;

    public void PackRows(in GemmOperand operand, int line, int lines, int start, int depth, byte* destination) =>
        Pack(operand, line, lines, start, depth, destination, TileRows);

    public void PackRowGroup(in GemmOperand operand, int line, int start, int depth, byte* destination) =>
        PairPacking.CopyGroup(operand.At(line, start), operand.Stride, depth, destination);

    public void PackColumns(in GemmOperand operand, int line, int lines, int start, int depth, byte* destination) =>
        Pack(operand, line, lines, start, depth, destination, PanelColumns(lines));

    public void Multiply(int depth, byte* a, byte* b, in GemmTile tile)
    {
        var vectors = PanelColumns(tile.Columns) / Lanes;
        if (tile.Rows == TileRows && tile.Columns == vectors * Lanes)
        {
            Call(depth, a, b, vectors, tile);
        }
        else
        {
            MultiplyEdge(depth, a, b, vectors, tile);
        }
    }

    private void Call(int depth, byte* a, byte* b, int vectors, in GemmTile tile)
    {
        var call = new TileCall
        {
            Pairs = (depth + 1) / 2,
            A = a,
            B = b,
            Destination = tile.Destination,
            Addend = tile.Addend,
            StrideInBytes = tile.Stride * sizeof(float),
        };
        code[vectors](&call);
    }

    // A tile that fills no whole vectors or rows is computed whole beside the matrix.
    [SkipLocalsInit]
    private void MultiplyEdge(int depth, byte* a, byte* b, int vectors, in GemmTile tile)
    {
        var whole = stackalloc float[TileAssembler.Rows * MostVectors * Lanes];
        var width = vectors * Lanes;
        Call(depth, a, b, vectors, new GemmTile(whole, null, width, TileRows, width));
        tile.Take(whole, width);
    }

    private static void Pack(in GemmOperand operand, int line, int lines, int start, int depth, byte* destination, int width)
    {
        if (operand.Resting is not null)
        {
            PackResting(operand, line, lines, start, depth, destination, width);
            return;
        }

        var source = operand.At(line, start);
        if (operand.DepthContiguous)
        {
            PairPacking.Transpose(source, operand.Stride, lines, depth, destination, width);
        }
        else
        {
            PairPacking.Copy(source, operand.Stride, lines, depth, destination, width);
        }
    }

    // Rows are widened beside the panel and rounded from there: what rests as bfloat16 comes back as it was.
    [SkipLocalsInit]
    private static void PackResting(in GemmOperand operand, int line, int lines, int start, int depth, byte* destination, int width)
    {
        var room = stackalloc float[lines * depth];
        Pack(operand.Widen(line, lines, start, depth, room), 0, lines, 0, depth, destination, width);
    }
}
