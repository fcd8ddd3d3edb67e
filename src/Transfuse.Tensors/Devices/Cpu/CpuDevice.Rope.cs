using Transfuse.Tensors.Devices.Cpu.Attention;
using Transfuse.Tensors.Devices.Cpu.Rope;
using Transfuse.Tensors.Errors;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    /// <exception cref="ShapeMismatchException">The tables differ, heads leave the columns, or there is not one position a row.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A position is beyond the tables.</exception>
    public override void Rope(
        Tensor x, HeadLayout layout, int heads, Tensor cos, Tensor sin, ReadOnlyMemory<int> positions, bool inverse)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        ArgumentNullException.ThrowIfNull(cos);
        AttentionChecks.Matrix(nameof(Rope), nameof(sin), sin, cos.Rows, cos.Columns);
        AttentionChecks.Heads(nameof(Rope), nameof(x), x, layout, heads, 2 * cos.Columns);
        CheckPositions(positions.Span, x.Rows, cos.Rows);
        using var pinned = positions.Pin();
        ForEachRow(
            new RopeKernel(new HeadRows(x, layout), heads, cos.Data, sin.Data, cos.Columns, (int*)pinned.Pointer, inverse ? -1 : 1), x.Rows, 2L * heads * cos.Columns);
    }

    private static void CheckPositions(ReadOnlySpan<int> positions, int rows, int tableRows)
    {
        if (positions.Length != rows)
        {
            throw new ShapeMismatchException(nameof(Rope), $"{positions.Length} positions", $"{rows}, one a row");
        }

        for (var row = 0; row < rows; row++)
        {
            if ((uint)positions[row] >= (uint)tableRows)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(positions), positions[row],
                    $"Rope: row {row} stands at position {positions[row]}, the table ends at {tableRows - 1}. Build the table for longer contexts.");
            }
        }
    }
}
