using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>Brings lines of a float32 matrix into a packed panel: destination[d·width + i] = element d of line i. Traffic: 8 bytes an element.</summary>
internal static unsafe class PanelPacking
{
    // Depths that are transposed for all lines of a panel before the next ones: their part of the panel stays in the first-level cache.
    private const int DepthStrip = 64;

    /// <summary>Packs lines that lie side by side; <paramref name="width"/> is a multiple of the vector's lanes, missing lines become 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Copy<TVector>(float* source, nint stride, int lines, int depth, float* destination, int width)
        where TVector : unmanaged, IVector<TVector>
    {
        if (lines < width)
        {
            CopyEdge(source, stride, lines, depth, destination, width);
            return;
        }

        for (var d = 0; d < depth; d++)
        {
            for (var i = 0; i < width; i += TVector.Count)
            {
                TVector.Store(TVector.Load(source + i), destination + i);
            }

            source += stride;
            destination += width;
        }
    }

    /// <summary>Packs the lines of <see cref="IGemmKernel.RowGroup"/> panels that lie side by side, panel after panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void CopyGroup<TVector>(float* source, nint stride, int depth, float* destination, int width)
        where TVector : unmanaged, IVector<TVector>
    {
        var panel = (nint)depth * width;
        for (var d = 0; d < depth; d++)
        {
            for (var i = 0; i < width; i += TVector.Count)
            {
                var from = source + i;
                var to = destination + i;
                TVector.Store(TVector.Load(from), to);
                TVector.Store(TVector.Load(from + width), to + panel);
                TVector.Store(TVector.Load(from + (2 * width)), to + (2 * panel));
                TVector.Store(TVector.Load(from + (3 * width)), to + (3 * panel));
            }

            source += stride;
            destination += width;
        }
    }

    /// <summary>Packs lines whose elements lie side by side; missing lines become 0.</summary>
    /// <typeparam name="TVector">The blocks to transpose are as large as this vector.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Transpose<TVector>(float* source, nint stride, int lines, int depth, float* destination, int width)
        where TVector : unmanaged, IVector<TVector>
    {
        var block = TVector.Count == 8 && Avx.IsSupported ? 8 : TVector.Count == 4 && Sse.IsSupported ? 4 : 1;
        var wholeLines = lines / block * block;
        var wholeDepth = depth / block * block;
        for (var strip = 0; strip < wholeDepth; strip += DepthStrip)
        {
            var end = Math.Min(strip + DepthStrip, wholeDepth);
            for (var line = 0; line < wholeLines; line += block)
            {
                var from = source + (line * stride);
                var to = destination + line;
                if (block == 8)
                {
                    for (var d = strip; d < end; d += 8)
                    {
                        Transpose8(from + d, stride, to + ((nint)d * width), width);
                    }
                }
                else if (block == 4)
                {
                    for (var d = strip; d < end; d += 4)
                    {
                        Transpose4(from + d, stride, to + ((nint)d * width), width);
                    }
                }
                else
                {
                    TransposeScalar(from + strip, stride, 1, end - strip, to + ((nint)strip * width), width, 1);
                }
            }
        }

        TransposeScalar(
            source + wholeDepth, stride, wholeLines, depth - wholeDepth, destination + ((nint)wholeDepth * width), width, wholeLines);
        TransposeScalar(source + (wholeLines * stride), stride, lines - wholeLines, depth, destination + wholeLines, width, width - wholeLines);
    }

    private static void CopyEdge(float* source, nint stride, int lines, int depth, float* destination, int width)
    {
        for (var d = 0; d < depth; d++)
        {
            for (var i = 0; i < width; i++)
            {
                destination[i] = i < lines ? source[i] : 0;
            }

            source += stride;
            destination += width;
        }
    }

    // The rest that fills no block: columns of the panel from so many lines, zeros beyond.
    private static void TransposeScalar(float* source, nint stride, int lines, int depth, float* destination, int width, int columns)
    {
        for (var i = 0; i < columns; i++)
        {
            var line = i < lines ? source + (i * stride) : null;
            for (var d = 0; d < depth; d++)
            {
                destination[((nint)d * width) + i] = line == null ? 0 : line[d];
            }
        }
    }

    // 8 lines × 8 depths. Lines i and i + 4 share a register from the load on, so that two rounds of shuffles within 128-bit halves suffice.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose8(float* source, nint stride, float* destination, nint width)
    {
        var lower = source + (4 * stride);
        Transpose8x4(source, lower, stride, destination, width);
        Transpose8x4(source + 4, lower + 4, stride, destination + (4 * width), width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose8x4(float* upper, float* lower, nint stride, float* destination, nint width)
    {
        var l0 = Vector256.Create(Vector128.Load(upper), Vector128.Load(lower));
        var l1 = Vector256.Create(Vector128.Load(upper + stride), Vector128.Load(lower + stride));
        var l2 = Vector256.Create(Vector128.Load(upper + (2 * stride)), Vector128.Load(lower + (2 * stride)));
        var l3 = Vector256.Create(Vector128.Load(upper + (3 * stride)), Vector128.Load(lower + (3 * stride)));
        var p0 = Avx.UnpackLow(l0, l1);
        var p1 = Avx.UnpackHigh(l0, l1);
        var p2 = Avx.UnpackLow(l2, l3);
        var p3 = Avx.UnpackHigh(l2, l3);
        Avx.Shuffle(p0, p2, 0b01_00_01_00).Store(destination);
        Avx.Shuffle(p0, p2, 0b11_10_11_10).Store(destination + width);
        Avx.Shuffle(p1, p3, 0b01_00_01_00).Store(destination + (2 * width));
        Avx.Shuffle(p1, p3, 0b11_10_11_10).Store(destination + (3 * width));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4(float* source, nint stride, float* destination, nint width)
    {
        var l0 = Vector128.Load(source);
        var l1 = Vector128.Load(source + stride);
        var l2 = Vector128.Load(source + (2 * stride));
        var l3 = Vector128.Load(source + (3 * stride));
        var p0 = Sse.UnpackLow(l0, l1);
        var p1 = Sse.UnpackHigh(l0, l1);
        var p2 = Sse.UnpackLow(l2, l3);
        var p3 = Sse.UnpackHigh(l2, l3);
        Sse.Shuffle(p0, p2, 0b01_00_01_00).Store(destination);
        Sse.Shuffle(p0, p2, 0b11_10_11_10).Store(destination + width);
        Sse.Shuffle(p1, p3, 0b01_00_01_00).Store(destination + (2 * width));
        Sse.Shuffle(p1, p3, 0b11_10_11_10).Store(destination + (3 * width));
    }
}
