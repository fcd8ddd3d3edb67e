using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>
/// Products of tiles of queries, keys and scores in the precision of the device. In float32 <see cref="SmallMatrix"/> reads the operands where they are,
/// once a right side has its columns side by side. In bfloat16 both sides are rounded into packed pairs first, and sums run in float32.
/// </summary>
/// <param name="code">Assembled loops for bfloat16; null for float32.</param>
internal readonly unsafe struct AttentionProducts<T>(BFloat16Code? code)
    where T : unmanaged, IVector<T>
{
    /// <summary>Whether operands are packed, so that reading them from afar once costs nothing.</summary>
    internal bool Packs => code is not null;

    /// <summary>The left side of products.</summary>
    /// <param name="rows">Its rows; they or their depths lie side by side.</param>
    /// <param name="m">Number of rows.</param>
    /// <param name="k">Depth.</param>
    /// <param name="room">Room for the pairs: m rounded up to 8, times ⌈k/2⌉ floats; not used in float32.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal TileOperand Left(TileOperand rows, int m, int k, float* room)
    {
        if (code is null)
        {
            return rows;
        }

        var kernel = new BFloat16Kernel(code);
        var operand = Lines(rows);
        var panel = (byte*)room;
        var panelBytes = PanelBytes(kernel.TileRows, k);
        var row = 0;
        var group = IGemmKernel.RowGroup * kernel.TileRows;
        for (; !operand.DepthContiguous && row + group <= m; row += group, panel += IGemmKernel.RowGroup * panelBytes)
        {
            kernel.PackRowGroup(operand, row, 0, k, panel);
        }

        for (; row < m; row += kernel.TileRows, panel += panelBytes)
        {
            kernel.PackRows(operand, row, Math.Min(kernel.TileRows, m - row), 0, k, panel);
        }

        return Packed(rows, k, room);
    }

    /// <summary>The right side of products.</summary>
    /// <param name="columns">Its columns; they or their depths lie side by side. In float32 and side by side they are padded to the vector width.</param>
    /// <param name="n">Number of columns, in float32 at most a tile's if their depths lie side by side.</param>
    /// <param name="k">Depth.</param>
    /// <param name="room">Room for the pairs, n rounded up to the vector width times ⌈k/2⌉ floats, or in float32 for k rows of a tile where the depths lie side by side.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal TileOperand Right(TileOperand columns, int n, int k, float* room)
    {
        if (code is null)
        {
            return columns.DepthContiguous ? Transposed(columns, n, k, room) : columns;
        }

        var kernel = new BFloat16Kernel(code);
        var operand = Lines(columns);
        var width = PanelWidth(kernel, AttentionArguments.RoundUp<T>(n));
        var panel = (byte*)room;
        for (var column = 0; column < n; column += width, panel += PanelBytes(width, k))
        {
            if (n - column < width)
            {
                // Columns that only fill a vector up are multiplied too.
                new Span<byte>(panel, (int)PanelBytes(kernel.PanelColumns(n - column), k)).Clear();
            }

            kernel.PackColumns(operand, column, Math.Min(width, n - column), 0, k, panel);
        }

        return Packed(columns, k, room);
    }

    /// <summary>What <see cref="Left"/> or <see cref="Right"/> gave for rows in memory and a depth <paramref name="k"/>, once they have packed them into <paramref name="room"/>.</summary>
    internal TileOperand Packed(TileOperand rows, int k, float* room) => code is null ? rows : new TileOperand(room, (k + 1) / 2, depthContiguous: false);

    /// <summary>C [m, n] = A·B, or C += A·B with <paramref name="accumulate"/>.</summary>
    /// <param name="m">Rows.</param>
    /// <param name="n">Columns; C is written up to the next multiple of the vector width.</param>
    /// <param name="k">Depth, at most that of the sides.</param>
    /// <param name="a">A, from <see cref="Left"/>.</param>
    /// <param name="b">B, from <see cref="Right"/>.</param>
    /// <param name="c">C.</param>
    /// <param name="cRow">Elements from one row of C to the next.</param>
    /// <param name="accumulate">Whether C holds values to add to.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Multiply(int m, int n, int k, in TileOperand a, in TileOperand b, float* c, int cRow, bool accumulate)
    {
        n = AttentionArguments.RoundUp<T>(n);
        if (code is null)
        {
            nint aRow = a.DepthContiguous ? a.Stride : 1, aStep = a.DepthContiguous ? 1 : a.Stride;
            SmallMatrix.Multiply<T>(m, n, k, a.Data, aRow, aStep, b.Data, b.Stride, c, cRow, accumulate);
            return;
        }

        var kernel = new BFloat16Kernel(code);
        var width = PanelWidth(kernel, n);
        var panel = (byte*)b.Data;
        for (var column = 0; column < n; column += width, panel += b.Stride * width * sizeof(uint))
        {
            var tile = new GemmTile(c + column, accumulate ? c + column : null, cRow, m, Math.Min(width, n - column));
            kernel.Multiply(k, (byte*)a.Data, panel, tile);
        }
    }

    private static TileOperand Transposed(TileOperand columns, int n, int k, float* room)
    {
        AttentionPacking.Transposed(columns.Data, columns.Stride, n, k, room, AttentionTile.Size, AttentionArguments.RoundUp<T>(n));
        return new TileOperand(room, AttentionTile.Size, depthContiguous: false);
    }

    private static GemmOperand Lines(TileOperand operand) => new(operand.Data, (int)operand.Stride, operand.DepthContiguous);

    // As few panels as the widest tile makes, of about the same width.
    private static int PanelWidth(BFloat16Kernel kernel, int columns)
    {
        var panels = Math.Max(1, (columns + kernel.TileColumns - 1) / kernel.TileColumns);
        return kernel.PanelColumns((columns + panels - 1) / panels);
    }

    private static nint PanelBytes(int lines, int depth) => (nint)lines * ((depth + 1) / 2) * sizeof(uint);
}
