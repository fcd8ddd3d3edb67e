using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Gemm;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>
/// Products of tiles of queries, keys and scores, by the kernel and in the precision of the device's matrix products: both sides are packed first. An
/// element is one sum over the depth, which then joins what is there.
/// </summary>
internal readonly unsafe struct AttentionProducts<TKernel>(TKernel kernel)
    where TKernel : struct, IGemmKernel
{
    private readonly TKernel _kernel = kernel;

    /// <summary>Bytes of a packed element.</summary>
    internal int ElementSize => _kernel.ElementSize;

    /// <summary>Packs the left side of products.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="m">Number of rows.</param>
    /// <param name="k">Depth.</param>
    /// <param name="room">Room for m rounded up to 8, times k rounded up to 2, packed elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal PackedSide Left(GemmOperand rows, int m, int k, float* room)
    {
        var side = Packed(k, room);
        var panel = side.Data;
        var panelBytes = PanelBytes(_kernel.TileRows, side);
        var row = 0;
        var group = IGemmKernel.RowGroup * _kernel.TileRows;
        for (; !rows.DepthContiguous && row + group <= m; row += group, panel += IGemmKernel.RowGroup * panelBytes)
        {
            _kernel.PackRowGroup(rows, row, 0, k, panel);
        }

        for (; row < m; row += _kernel.TileRows, panel += panelBytes)
        {
            _kernel.PackRows(rows, row, Math.Min(_kernel.TileRows, m - row), 0, k, panel);
        }

        return side;
    }

    /// <summary>Packs the right side of products; columns that only fill a vector up are zeros, since they are multiplied, too.</summary>
    /// <param name="columns">Its columns.</param>
    /// <param name="n">Number of columns.</param>
    /// <param name="k">Depth.</param>
    /// <param name="room">Room for n rounded up to the vector width, times k rounded up to 2, packed elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal PackedSide Right(GemmOperand columns, int n, int k, float* room)
    {
        var side = Packed(k, room);
        var width = PanelWidth(n);
        var panel = side.Data;
        for (var column = 0; column < n; column += width, panel += PanelBytes(width, side))
        {
            if (n - column < width)
            {
                new Span<byte>(panel, (int)PanelBytes(_kernel.PanelColumns(n - column), side)).Clear();
            }

            _kernel.PackColumns(columns, column, Math.Min(width, n - column), 0, k, panel);
        }

        return side;
    }

    /// <summary>What <see cref="Left"/> or <see cref="Right"/> gave for a depth <paramref name="k"/> when they packed into <paramref name="room"/>.</summary>
    internal PackedSide Packed(int k, float* room) => new((byte*)room, (k + _kernel.DepthMultiple - 1) / _kernel.DepthMultiple * _kernel.DepthMultiple);

    /// <summary>C [m, n] = A·B, or C += A·B with <paramref name="accumulate"/>.</summary>
    /// <param name="m">Rows.</param>
    /// <param name="n">Columns; C is written up to the next multiple of the vector width.</param>
    /// <param name="k">Depth: that of the left side, at most that of the right one.</param>
    /// <param name="a">A, from <see cref="Left"/>.</param>
    /// <param name="b">B, from <see cref="Right"/>.</param>
    /// <param name="c">C.</param>
    /// <param name="cRow">Elements from one row of C to the next.</param>
    /// <param name="accumulate">Whether C holds values to add to.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Multiply(int m, int n, int k, PackedSide a, PackedSide b, float* c, int cRow, bool accumulate)
    {
        var width = PanelWidth(n);
        var panel = b.Data;
        for (var column = 0; column < n; column += width, panel += PanelBytes(width, b))
        {
            var tile = new GemmTile(c + column, accumulate ? c + column : null, cRow, m, _kernel.PanelColumns(Math.Min(width, n - column)));
            _kernel.Multiply(k, a.Data, panel, tile);
        }
    }

    // As few panels as the widest tile makes, of about the same width.
    private int PanelWidth(int columns)
    {
        var panels = Math.Max(1, (columns + _kernel.TileColumns - 1) / _kernel.TileColumns);
        return _kernel.PanelColumns((columns + panels - 1) / panels);
    }

    private nint PanelBytes(int lines, PackedSide side) => (nint)lines * side.Depth * _kernel.ElementSize;
}
