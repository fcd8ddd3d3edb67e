using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Quantized;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// One input of a product, seen as lines along the common dimension ("depth"): the rows of op(A), the columns of op(B). Either the
/// elements of a line lie side by side, or the lines do.
/// </summary>
/// <param name="data">First element.</param>
/// <param name="stride">Elements between neighbouring lines (depth contiguous) or between neighbouring depths (otherwise).</param>
/// <param name="depthContiguous">Whether the elements of one line lie side by side.</param>
/// <param name="resting">Rows of a resting weight, in place of the data: lines (depth contiguous) or depths (otherwise).</param>
internal readonly unsafe struct GemmOperand(float* data, int stride, bool depthContiguous, RestingRows? resting = null)
{
    /// <summary>Rows that are widened as they are read, or null where <see cref="At"/> holds.</summary>
    internal RestingRows? Resting { get; } = resting;

    /// <summary>Elements between neighbouring lines, or between neighbouring depths.</summary>
    internal nint Stride { get; } = stride;

    /// <summary>Whether the elements of one line lie side by side.</summary>
    internal bool DepthContiguous { get; } = depthContiguous;

    /// <summary>Address of element <paramref name="depth"/> of line <paramref name="line"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal float* At(nint line, nint depth) => DepthContiguous ? data + (line * Stride) + depth : data + (depth * Stride) + line;

    /// <summary>
    /// A block of a resting operand as float32: lines from <paramref name="line"/>, depths from <paramref name="start"/>; its own count from 0.
    /// </summary>
    /// <param name="line">First line.</param>
    /// <param name="lines">Number of lines.</param>
    /// <param name="start">First depth.</param>
    /// <param name="depth">Number of depths.</param>
    /// <param name="room">Room for lines·depth elements, which the result points to.</param>
    internal GemmOperand Widen(int line, int lines, int start, int depth, float* room)
    {
        var (first, rows, column, columns) = DepthContiguous ? (line, lines, start, depth) : (start, depth, line, lines);
        for (var row = 0; row < rows; row++)
        {
            Resting!.Widen(first + row, column, columns, room + ((nint)row * columns));
        }

        return new GemmOperand(room, columns, DepthContiguous);
    }
}
