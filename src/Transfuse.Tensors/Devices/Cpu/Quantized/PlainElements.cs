using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>Types without blocks: F32, F16, BF16.</summary>
internal static class PlainElements
{
    internal static void Widen(DType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (type)
        {
            case DType.F32:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case DType.BF16:
                BFloat16.ToSingle(MemoryMarshal.Cast<byte, BFloat16>(source), destination);
                break;
            default:
                WidenHalves(MemoryMarshal.Cast<byte, ushort>(source), destination);
                break;
        }
    }

    internal static void Narrow(DType type, ReadOnlySpan<float> source, Span<byte> destination)
    {
        switch (type)
        {
            case DType.F32:
                MemoryMarshal.AsBytes(source).CopyTo(destination);
                break;
            case DType.BF16:
                BFloat16.FromSingle(source, MemoryMarshal.Cast<byte, BFloat16>(destination));
                break;
            default:
                var halves = MemoryMarshal.Cast<byte, Half>(destination);
                for (var i = 0; i < source.Length; i++)
                {
                    halves[i] = (Half)source[i];
                }

                break;
        }
    }

    /// <summary>
    /// Exponent and fraction, shifted to their places, are a float 2¹¹² times too small, subnormal ones included; infinities and NaN get
    /// the full exponent back.
    /// </summary>
    private static void WidenHalves(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        var i = 0;
        var scale = Vector256.Create(BitConverter.UInt32BitsToSingle((127 + 112) << 23));
        for (; i <= source.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            var (lower, upper) = Vector256.Widen(Vector256.Create(source[i..]));
            Widen(lower, scale).CopyTo(destination[i..]);
            Widen(upper, scale).CopyTo(destination[(i + Vector256<float>.Count)..]);
        }

        for (; i < source.Length; i++)
        {
            destination[i] = (float)BitConverter.UInt16BitsToHalf(source[i]);
        }
    }

    private static Vector256<float> Widen(Vector256<uint> half, Vector256<float> scale)
    {
        var magnitude = Vector256.ShiftLeft(half & Vector256.Create(0x7FFFu), 13);
        var bits = (magnitude.AsSingle() * scale).AsUInt32();
        var special = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x7C00u << 13)) & Vector256.Create(0x7F80_0000u);
        return (bits | special | Vector256.ShiftLeft(half & Vector256.Create(0x8000u), 16)).AsSingle();
    }
}
