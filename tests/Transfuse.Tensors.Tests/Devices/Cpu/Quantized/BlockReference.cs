namespace Transfuse.Tensors.Tests.Devices.Cpu.Quantized;

/// <summary>The value of one element of a block in double precision, by the tables of the format rather than by its loops.</summary>
internal static class BlockReference
{
    internal static int[] ScaleOffsets(DType type) => type switch
    {
        DType.Q4_1 or DType.Q5_1 or DType.Q4_K or DType.Q5_K => [0, 2],
        DType.Q2_K => [80, 82],
        DType.Q3_K => [108],
        DType.Q6_K => [208],
        _ => [0],
    };

    internal static double Element(DType type, ReadOnlySpan<byte> block, int i)
    {
        var scales = ScaleOffsets(type);
        var d = (double)BitConverter.ToHalf(block[scales[0]..]);
        var m = scales.Length > 1 ? (double)BitConverter.ToHalf(block[scales[1]..]) : 0;
        return type switch
        {
            DType.Q4_0 => d * (Nibble(block[2..], i) - 8),
            DType.Q4_1 => (d * Nibble(block[4..], i)) + m,
            DType.Q5_0 => d * (Nibble(block[6..], i) + (16 * Bit(block[2..], i)) - 16),
            DType.Q5_1 => (d * (Nibble(block[8..], i) + (16 * Bit(block[4..], i)))) + m,
            DType.Q8_0 => d * (sbyte)block[2 + i],
            DType.Q2_K => (d * (block[i / 16] & 15) * Pair(block[16..], i)) - (m * (block[i / 16] >> 4)),
            DType.Q3_K => d * (SixBitsOfQ3(block[96..], i / 16) - 32) * (Pair(block[32..], i) - (((block[i % 32] >> (i / 32)) & 1) == 0 ? 4 : 0)),
            DType.Q4_K => (d * Scale(block[4..], i / 32) * NibbleOf64(block[16..], i)) - (m * Minimum(block[4..], i / 32)),
            DType.Q5_K => (d * Scale(block[4..], i / 32) * (NibbleOf64(block[48..], i) + (16 * ((block[16 + (i % 32)] >> (i / 32)) & 1)))) - (m * Minimum(block[4..], i / 32)),
            _ => d * (sbyte)block[192 + (i / 16)] * (SixBits(block, i) - 32),
        };
    }

    // 32 elements in 16 bytes: low nibbles first.
    private static int Nibble(ReadOnlySpan<byte> bytes, int i) => i < 16 ? bytes[i] & 15 : bytes[i - 16] >> 4;

    private static int Bit(ReadOnlySpan<byte> bytes, int i) => (bytes[i / 8] >> (i % 8)) & 1;

    // 128 elements in 32 bytes: the lowest pair of all bytes first.
    private static int Pair(ReadOnlySpan<byte> bytes, int i) => (bytes[(i / 128 * 32) + (i % 32)] >> (i % 128 / 32 * 2)) & 3;

    // 64 elements in 32 bytes: the low nibbles of all bytes first.
    private static int NibbleOf64(ReadOnlySpan<byte> bytes, int i) => (bytes[(i / 64 * 32) + (i % 32)] >> (i % 64 < 32 ? 0 : 4)) & 15;

    private static int Scale(ReadOnlySpan<byte> s, int j) => j < 4 ? s[j] & 63 : (s[j + 4] & 15) | ((s[j - 4] >> 6) << 4);

    private static int Minimum(ReadOnlySpan<byte> s, int j) => j < 4 ? s[j + 4] & 63 : (s[j + 4] >> 4) | ((s[j] >> 6) << 4);

    private static int SixBitsOfQ3(ReadOnlySpan<byte> s, int j)
    {
        var low = j < 8 ? s[j] & 15 : s[j - 8] >> 4;
        var high = j switch { < 4 => s[8 + j], < 8 => s[4 + j] >> 2, < 12 => s[j] >> 4, _ => s[j - 4] >> 6 };
        return low | ((high & 3) << 4);
    }

    private static int SixBits(ReadOnlySpan<byte> block, int i)
    {
        var (half, l) = (i / 128, i % 32);
        var ql = block[(64 * half)..];
        var qh = block[128 + (32 * half) + l];
        return (i % 128 / 32) switch
        {
            0 => (ql[l] & 15) | ((qh & 3) << 4),
            1 => (ql[l + 32] & 15) | (((qh >> 2) & 3) << 4),
            2 => (ql[l] >> 4) | (((qh >> 4) & 3) << 4),
            _ => (ql[l + 32] >> 4) | ((qh >> 6) << 4),
        };
    }
}
