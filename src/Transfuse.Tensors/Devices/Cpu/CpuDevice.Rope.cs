using Transfuse.Tensors.Devices.Cpu.Attention;
using Transfuse.Tensors.Devices.Cpu.Rope;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed partial class CpuDevice
{
    // Elements of one task: large against the cost of claiming it, small against a layer.
    private const int RopeElementsPerTask = 16384;

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
        switch (Tier)
        {
            case KernelTier.Scalar:
                RunRope<SimdScalar>(x, layout, heads, cos, sin, positions, inverse);
                break;
            case KernelTier.Vector128:
                RunRope<Simd128>(x, layout, heads, cos, sin, positions, inverse);
                break;
            case KernelTier.Vector256:
                RunRope<Simd256>(x, layout, heads, cos, sin, positions, inverse);
                break;
            default:
                RunRope<Simd512>(x, layout, heads, cos, sin, positions, inverse);
                break;
        }
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

    private unsafe void RunRope<T>(
        Tensor x, HeadLayout layout, int heads, Tensor cos, Tensor sin, ReadOnlyMemory<int> positions, bool inverse)
        where T : unmanaged, IVector<T>
    {
        using var pinned = positions.Pin();
        var rowsPerTask = Math.Max(1, RopeElementsPerTask / Math.Max(1, heads * 2 * cos.Columns));
        var body = new RopeKernel<T>(
            new HeadRows(x, layout), heads, x.Rows, rowsPerTask, cos.Data, sin.Data, cos.Columns, (int*)pinned.Pointer, inverse ? -1 : 1);
        _workers.Run((x.Rows + rowsPerTask - 1) / rowsPerTask, ref body);
    }
}
