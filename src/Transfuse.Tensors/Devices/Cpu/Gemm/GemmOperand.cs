using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Quantized;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// One input of a product, seen as lines along the common dimension ("depth"): the rows of op(A), the columns of op(B). Either the
/// elements of a line lie side by side, or the lines do.
/// </summary>
/// <param name="data">First element; float32, or bfloat16 where the kernel takes that.</param>
/// <param name="stride">Elements between neighbouring lines (depth contiguous) or between neighbouring depths (otherwise).</param>
/// <param name="depthContiguous">Whether the elements of one line lie side by side.</param>
/// <param name="elementSize">Bytes of an element.</param>
/// <param name="resting">Rows of a resting weight, in place of the data: lines (depth contiguous) or depths (otherwise).</param>
internal readonly unsafe struct GemmOperand(void* data, int stride, bool depthContiguous, int elementSize = sizeof(float), RestingRows? resting = null)
{
    /// <summary>Rows that are widened as they are read, or null where <see cref="At"/> holds.</summary>
    internal RestingRows? Resting { get; } = resting;

    /// <summary>Elements between neighbouring lines, or between neighbouring depths.</summary>
    internal nint Stride { get; } = stride;

    /// <summary>Whether the elements of one line lie side by side.</summary>
    internal bool DepthContiguous { get; } = depthContiguous;

    /// <summary>Bytes of an element.</summary>
    internal int ElementSize { get; } = elementSize;

    /// <summary>Whether the elements are bfloat16; they are float32 otherwise.</summary>
    internal bool IsBFloat16 => ElementSize == sizeof(ushort);

    /// <summary>The same float32 rows in memory, one of which is now a depth if it was a line.</summary>
    internal GemmOperand Exchanged() => new(data, (int)Stride, !DepthContiguous);

    /// <summary>Address of element <paramref name="depth"/> of line <paramref name="line"/>, of float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal float* At(nint line, nint depth) => (float*)Address(line, depth);

    /// <summary>Address of element <paramref name="depth"/> of line <paramref name="line"/>, of any type.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal byte* Address(nint line, nint depth) =>
        (byte*)data + ((DepthContiguous ? (line * Stride) + depth : (depth * Stride) + line) * ElementSize);

    /// <summary>A block of a resting operand where it rests as bfloat16, its own count from 0; false if it rests as something else.</summary>
    internal bool TryGetBFloat16(int line, int lines, int start, int depth, out GemmOperand stored)
    {
        if (Resting is not StoredRows sections)
        {
            stored = default;
            return false;
        }

        var (row, rows, column) = DepthContiguous ? (line, lines, start) : (start, depth, line);
        var (type, first) = sections.Locate(row);
        var stride = sections.Columns;
        stored = new GemmOperand((ushort*)first + column, stride, DepthContiguous, sizeof(ushort));
        return type == DType.BF16
            && sections.Locate(row + rows - 1) is { Type: DType.BF16 } last
            && last.Address - first == (nint)stride * sizeof(ushort) * (rows - 1);
    }

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
