using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>
/// Blocks of 32 elements with one half-precision scale d and, in the types ending in _1, a minimum m. Element j is the low nibble of byte j,
/// element j + 16 the high one; five-bit types keep bit 4 of element j in bit j of a 32-bit word.
/// <list type="bullet">
/// <item>Q4_0: d, 16 bytes; x = (q − 8)·d</item>
/// <item>Q4_1: d, m, 16 bytes; x = q·d + m</item>
/// <item>Q5_0: d, 4 bytes of fifth bits, 16 bytes; x = (q − 16)·d</item>
/// <item>Q5_1: d, m, 4 bytes of fifth bits, 16 bytes; x = q·d + m</item>
/// <item>Q8_0: d, 32 signed bytes; x = q·d</item>
/// </list>
/// </summary>
internal static class SimpleBlocks
{
    /// <summary>Elements of a block.</summary>
    internal const int Elements = 32;

    private const int Middle = Elements / 2;

    internal static void Widen(DType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        var size = type.BlockBytes();
        for (var start = 0; start < destination.Length; start += Elements)
        {
            var block = source[..size];
            var x = destination.Slice(start, Elements);
            var d = Scale(block);
            switch (type)
            {
                case DType.Q4_0:
                    WidenNibbles(block[2..], -8, d, QuantLanes.Nothing, x);
                    break;
                case DType.Q4_1:
                    WidenNibbles(block[4..], 0, d, Scale(block[2..]), x);
                    break;
                case DType.Q5_0:
                    WidenFiveBits(block[6..], BinaryPrimitives.ReadUInt32LittleEndian(block[2..]), -16, d, QuantLanes.Nothing, x);
                    break;
                case DType.Q5_1:
                    WidenFiveBits(block[8..], BinaryPrimitives.ReadUInt32LittleEndian(block[4..]), 0, d, Scale(block[2..]), x);
                    break;
                default:
                    WidenBytes(block[2..], d, x);
                    break;
            }

            source = source[size..];
        }
    }

    /// <summary>
    /// Q8_0: d = max|x|/127, q = x/d rounded half away from zero. Q4_0: d = v/−8 with v the first element of largest magnitude,
    /// q = min(15, ⌊x/d + 8.5⌋). Both divide by d before it is rounded to half precision.
    /// </summary>
    internal static void Narrow(DType type, ReadOnlySpan<float> source, Span<byte> destination)
    {
        var size = type.BlockBytes();
        for (; !source.IsEmpty; source = source[Elements..])
        {
            if (type == DType.Q8_0)
            {
                NarrowBytes(source[..Elements], destination);
            }
            else
            {
                NarrowNibbles(source[..Elements], destination);
            }

            destination = destination[size..];
        }
    }

    /// <summary>A half-precision number at the start of a span.</summary>
    internal static unsafe float Scale(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* address = bytes[..sizeof(ushort)])
        {
            return BlockScale.Read(address);
        }
    }

    private static void WidenNibbles(ReadOnlySpan<byte> packed, int offset, float d, float m, Span<float> x)
    {
        var bytes = QuantLanes.Load(packed);
        QuantLanes.Store(bytes & Vector128.Create((byte)15), offset, d, m, x);
        QuantLanes.Store(bytes >> 4, offset, d, m, x[Middle..]);
    }

    private static void WidenFiveBits(ReadOnlySpan<byte> packed, uint fifth, int offset, float d, float m, Span<float> x)
    {
        var bytes = QuantLanes.Load(packed);
        QuantLanes.Store((bytes & Vector128.Create((byte)15)) | FifthBits(fifth), offset, d, m, x);
        QuantLanes.Store((bytes >> 4) | FifthBits(fifth >> Middle), offset, d, m, x[Middle..]);
    }

    /// <summary>Sixteen bits, each as 16 in a byte of its own.</summary>
    private static Vector128<byte> FifthBits(uint bits)
    {
        var halves = Vector128.Create(Vector64.Create((byte)bits), Vector64.Create((byte)(bits >> 8)));
        var places = Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128);
        return Vector128.Equals(halves & places, places) & Vector128.Create((byte)16);
    }

    private static void WidenBytes(ReadOnlySpan<byte> q, float d, Span<float> x)
    {
        QuantLanes.StoreSigned(QuantLanes.Load(q), d, x);
        QuantLanes.StoreSigned(QuantLanes.Load(q[Middle..]), d, x[Middle..]);
    }

    private static void NarrowBytes(ReadOnlySpan<float> x, Span<byte> block)
    {
        var largest = 0f;
        foreach (var value in x)
        {
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        var d = largest / 127;
        var inverse = d == 0 ? 0 : 1 / d;
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)d);
        for (var j = 0; j < x.Length; j++)
        {
            block[2 + j] = (byte)(sbyte)MathF.Round(x[j] * inverse, MidpointRounding.AwayFromZero);
        }
    }

    private static void NarrowNibbles(ReadOnlySpan<float> x, Span<byte> block)
    {
        var (magnitude, extreme) = (0f, 0f);
        foreach (var value in x)
        {
            if (MathF.Abs(value) > magnitude)
            {
                (magnitude, extreme) = (MathF.Abs(value), value);
            }
        }

        var d = extreme / -8;
        var inverse = d == 0 ? 0 : 1 / d;
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)d);
        for (var j = 0; j < Middle; j++)
        {
            block[2 + j] = (byte)(Nibble(x[j] * inverse) | (Nibble(x[j + Middle] * inverse) << 4));
        }
    }

    private static int Nibble(float scaled) => Math.Clamp((int)(scaled + 8.5f), 0, 15);
}
