using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;

/// <summary>
/// Rounds lines of a float32 matrix to bfloat16 and brings them into a packed panel of pairs: destination[p·width + i] holds elements
/// 2p (lower half) and 2p + 1 (upper half) of line i. A depth beyond the last counts as zero.
/// </summary>
internal static unsafe class PairPacking
{
    // Depths that are rounded for all lines of a panel before they are brought into order: they stay in the first-level cache.
    private const int DepthStrip = 64;

    /// <summary>Packs lines whose elements lie side by side; missing lines repeat the last one.</summary>
    [SkipLocalsInit]
    internal static void Transpose(float* source, nint stride, int lines, int depth, byte* destination, int width)
    {
        const int PairStrip = DepthStrip / 2;
        var rounded = stackalloc float[lines * PairStrip];
        for (var start = 0; start < depth; start += DepthStrip)
        {
            var depths = Math.Min(DepthStrip, depth - start);
            var pairs = (depths + 1) / 2;
            for (var line = 0; line < lines; line++)
            {
                var row = new Span<BFloat16>(rounded + (line * PairStrip), 2 * pairs);
                row[^1] = default;
                BFloat16.FromSingle(new ReadOnlySpan<float>(source + (line * stride) + start, depths), row);
            }

            PanelPacking.Transpose<Simd256>(rounded, PairStrip, lines, pairs, (float*)destination + ((nint)(start / 2) * width), width);
        }
    }

    /// <summary>Packs lines that lie side by side; missing lines become zeros. <paramref name="width"/> is a multiple of 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Copy(float* source, nint stride, int lines, int depth, byte* destination, int width)
    {
        var to = (uint*)destination;
        for (var d = 0; d < depth; d += 2)
        {
            var upper = d + 1 < depth ? source + stride : null;
            var i = 0;
            for (; i <= lines - Vector512<uint>.Count; i += Vector512<uint>.Count)
            {
                var high = upper == null ? Vector512<uint>.Zero : Vector512.Load((uint*)upper + i);
                Pair(Vector512.Load((uint*)source + i), high).Store(to + i);
            }

            for (; i < lines; i++)
            {
                to[i] = BFloat16.FromSingle(source[i]).Bits | (upper == null ? 0 : (uint)BFloat16.FromSingle(upper[i]).Bits << 16);
            }

            for (; i < width; i++)
            {
                to[i] = 0;
            }

            source += 2 * stride;
            to += width;
        }
    }

    /// <summary>Packs the lines of four panels of eight that lie side by side, panel after panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void CopyGroup(float* source, nint stride, int depth, byte* destination)
    {
        const int Width = TileAssembler.Rows;
        var to = (uint*)destination;
        var panel = (nint)((depth + 1) / 2) * Width;
        for (var d = 0; d < depth; d += 2)
        {
            var hasUpper = d + 1 < depth;
            for (var i = 0; i < IGemmKernel.RowGroup * Width; i += Vector512<uint>.Count)
            {
                var high = hasUpper ? Vector512.Load((uint*)(source + stride) + i) : Vector512<uint>.Zero;
                var pairs = Pair(Vector512.Load((uint*)source + i), high);
                pairs.GetLower().Store(to + (i / Width * panel));
                pairs.GetUpper().Store(to + (((i / Width) + 1) * panel));
            }

            source += 2 * stride;
            to += Width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Pair(Vector512<uint> low, Vector512<uint> high) =>
        Vector512.ShiftRightLogical(Round(low), 16) | (Round(high) & Vector512.Create(0xFFFF_0000u));

    // To nearest, ties to even, in the upper half; NaN keeps its upper half and becomes quiet.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Round(Vector512<uint> bits)
    {
        var rounded = bits + Vector512.Create(0x7FFFu) + (Vector512.ShiftRightLogical(bits, 16) & Vector512<uint>.One);
        var isNumber = Vector512.Equals(bits.AsSingle(), bits.AsSingle()).AsUInt32();
        return Vector512.ConditionalSelect(isNumber, rounded, bits | Vector512.Create(0x0040_0000u));
    }
}
