using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>
/// Blocks of 256 elements ("K" types) with half-precision d (and d_min) over small integer scales s (and minima m) of sub-blocks.
/// <list type="bullet">
/// <item>Q2_K: 16 bytes s | m«4, 64 bytes q, d, d_min; x = d·s·q − d_min·m; sub-blocks of 16</item>
/// <item>Q3_K: 32 bytes of third bits, 64 bytes q, 12 bytes s, d; x = d·(s − 32)·(q − 4); sub-blocks of 16</item>
/// <item>Q4_K: d, d_min, 12 bytes s and m, 128 bytes q; x = d·s·q − d_min·m; sub-blocks of 32</item>
/// <item>Q5_K: d, d_min, 12 bytes s and m, 32 bytes of fifth bits, 128 bytes q; as Q4_K</item>
/// <item>Q6_K: 128 bytes low nibbles, 64 bytes high pairs, 16 signed bytes s, d; x = d·s·(q − 32); sub-blocks of 16</item>
/// </list>
/// Products are formed from the left, as in ggml, so that results have the same bits.
/// </summary>
internal static unsafe class SuperBlocks
{
    /// <summary>Elements of a block.</summary>
    internal const int Elements = 256;

    internal static void Widen(DType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        var size = type.BlockBytes();
        for (var start = 0; start < destination.Length; start += Elements)
        {
            var block = source[..size];
            var x = destination.Slice(start, Elements);
            switch (type)
            {
                case DType.Q2_K:
                    WidenQ2(block, x);
                    break;
                case DType.Q3_K:
                    WidenQ3(block, x);
                    break;
                case DType.Q4_K:
                    WidenQ4(block, x);
                    break;
                case DType.Q5_K:
                    WidenQ5(block, x);
                    break;
                default:
                    WidenQ6(block, x);
                    break;
            }

            source = source[size..];
        }
    }

    // Sub-block b covers elements 16·b …; its bits are the pair (b / 2) % 4 of the 16 bytes at 32·(b / 8) + 16·(b % 2).
    private static void WidenQ2(ReadOnlySpan<byte> block, Span<float> x)
    {
        var (d, minimum) = (SimpleBlocks.Scale(block[80..]), SimpleBlocks.Scale(block[82..]));
        for (var b = 0; b < 16; b++)
        {
            var q = block.Slice(16 + (32 * (b / 8)) + (16 * (b % 2)), 16);
            var (scale, offset) = (d * (block[b] & 15), minimum * (block[b] >> 4));
            var shift = b / 2 % 4 * 2;
            QuantLanes.Store((QuantLanes.Load(q) >> shift) & Vector128.Create((byte)3), 0, scale, -offset, x[(16 * b)..]);
        }
    }

    // As Q2_K; the third bit of sub-block b's elements is bit b / 2 of the 16 bytes at 16·(b % 2), and stands for + 4 − 4.
    private static void WidenQ3(ReadOnlySpan<byte> block, Span<float> x)
    {
        var d = SimpleBlocks.Scale(block[108..]);
        var scales = block.Slice(96, 12);
        for (var b = 0; b < 16; b++)
        {
            var q = block.Slice(32 + (32 * (b / 8)) + (16 * (b % 2)), 16);
            var third = block.Slice(16 * (b % 2), 16);
            var low = b < 8 ? scales[b] & 15 : scales[b - 8] >> 4;
            var high = (scales[8 + (b % 4)] >> (2 * (b / 4))) & 3;
            var scale = d * ((low | (high << 4)) - 32);
            var (shift, bit) = (b / 2 % 4 * 2, (byte)(1 << (b / 2)));
            var four = Vector128.Equals(QuantLanes.Load(third) & Vector128.Create(bit), Vector128.Create(bit)) & Vector128.Create((byte)4);
            QuantLanes.Store(((QuantLanes.Load(q) >> shift) & Vector128.Create((byte)3)) | four, -4, scale, QuantLanes.Nothing, x[(16 * b)..]);
        }
    }

    // Bytes 32·g … hold sub-block 2·g in their low nibbles and 2·g + 1 in their high ones.
    private static void WidenQ4(ReadOnlySpan<byte> block, Span<float> x)
    {
        var (d, minimum) = (SimpleBlocks.Scale(block), SimpleBlocks.Scale(block[2..]));
        for (var b = 0; b < 8; b++)
        {
            var q = block.Slice(16 + (32 * (b / 2)), 32);
            var (s, m) = SixBits(block.Slice(4, 12), b);
            var (scale, offset) = (d * s, minimum * m);
            for (var i = 0; i < 32; i += QuantLanes.Count)
            {
                QuantLanes.Store((QuantLanes.Load(q[i..]) >> (b % 2 * 4)) & Vector128.Create((byte)15), 0, scale, -offset, x[((32 * b) + i)..]);
            }
        }
    }

    // As Q4_K; the fifth bit of sub-block b's element i is bit b of byte i.
    private static void WidenQ5(ReadOnlySpan<byte> block, Span<float> x)
    {
        var (d, minimum) = (SimpleBlocks.Scale(block), SimpleBlocks.Scale(block[2..]));
        var fifth = block.Slice(16, 32);
        for (var b = 0; b < 8; b++)
        {
            var q = block.Slice(48 + (32 * (b / 2)), 32);
            var (s, m) = SixBits(block.Slice(4, 12), b);
            var (scale, offset) = (d * s, minimum * m);
            for (var i = 0; i < 32; i += QuantLanes.Count)
            {
                var top = ((QuantLanes.Load(fifth[i..]) >> b) & Vector128.Create((byte)1)) << 4;
                QuantLanes.Store(((QuantLanes.Load(q[i..]) >> (b % 2 * 4)) & Vector128.Create((byte)15)) | top, 0, scale, -offset, x[((32 * b) + i)..]);
            }
        }
    }

    // Each half of 128 has four rows of 32: row r takes nibble r / 2 of byte 32·(r % 2) + l and pair r of high byte l.
    private static void WidenQ6(ReadOnlySpan<byte> block, Span<float> x)
    {
        var d = SimpleBlocks.Scale(block[208..]);
        for (var b = 0; b < 16; b++)
        {
            var (half, row, side) = (b / 8, b / 2 % 4, b % 2);
            var low = block.Slice((64 * half) + (32 * (row % 2)) + (16 * side), 16);
            var high = block.Slice(128 + (32 * half) + (16 * side), 16);
            var scale = d * (sbyte)block[192 + b];
            var (nibble, pair) = (row / 2 * 4, row * 2);
            var top = ((QuantLanes.Load(high) >> pair) & Vector128.Create((byte)3)) << 4;
            QuantLanes.Store(((QuantLanes.Load(low) >> nibble) & Vector128.Create((byte)15)) | top, -32, scale, QuantLanes.Nothing, x[(16 * b)..]);
        }
    }

    private static (int Scale, int Minimum) SixBits(ReadOnlySpan<byte> packed, int b)
    {
        fixed (byte* bytes = packed)
        {
            return SixBits(bytes, b);
        }
    }

    /// <summary>
    /// Six-bit scale and minimum of sub-block b out of 12 bytes: the first four lie in the low six bits of bytes b and b + 4, the others in the
    /// nibbles of byte b + 4 with their top bits in what is left of bytes b − 4 and b.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static (int Scale, int Minimum) SixBits(byte* packed, int b) => b < 4
        ? (packed[b] & 63, packed[b + 4] & 63)
        : ((packed[b + 4] & 15) | ((packed[b - 4] >> 6) << 4), (packed[b + 4] >> 4) | ((packed[b] >> 6) << 4));
}
