using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Transfuse.Tensors;

/// <summary>
/// The upper half of a float32: 8 bits of exponent and 7 of fraction, two bytes as safetensors and GGUF store them. Conversion from float32 rounds to
/// nearest, ties to even; NaN stays NaN, with its quiet bit set; overflow gives infinity.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct BFloat16
{
    private BFloat16(ushort bits)
    {
        Bits = bits;
    }

    /// <summary>Sign, exponent and fraction as stored.</summary>
    public ushort Bits { get; }

    /// <summary>The value with these bits.</summary>
    public static BFloat16 FromBits(ushort bits) => new(bits);

    /// <summary>The nearest value.</summary>
    public static BFloat16 FromSingle(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return new((ushort)((float.IsNaN(value) ? bits | 0x0040_0000 : bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }

    /// <summary>The same value in float32, exactly.</summary>
    public float ToSingle() => BitConverter.UInt32BitsToSingle((uint)Bits << 16);

    /// <summary>Converts every element of <paramref name="source"/> to the nearest value.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <paramref name="source"/>.</exception>
    public static void FromSingle(ReadOnlySpan<float> source, Span<BFloat16> destination)
    {
        RequireRoom(source.Length, destination.Length, nameof(destination));
        ref var from = ref Unsafe.As<float, uint>(ref MemoryMarshal.GetReference(source));
        ref var to = ref Unsafe.As<BFloat16, ushort>(ref MemoryMarshal.GetReference(destination));
        nuint i = 0;
        for (; i + (nuint)Vector256<ushort>.Count <= (nuint)source.Length; i += (nuint)Vector256<ushort>.Count)
        {
            var lower = RoundToUpperHalf(Vector256.LoadUnsafe(ref from, i));
            var upper = RoundToUpperHalf(Vector256.LoadUnsafe(ref from, i + (nuint)Vector256<uint>.Count));
            Vector256.Narrow(lower, upper).StoreUnsafe(ref to, i);
        }

        for (; i < (nuint)source.Length; i++)
        {
            Unsafe.Add(ref to, i) = FromSingle(source[(int)i]).Bits;
        }
    }

    /// <summary>Converts every element of <paramref name="source"/> exactly.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <paramref name="source"/>.</exception>
    public static void ToSingle(ReadOnlySpan<BFloat16> source, Span<float> destination)
    {
        RequireRoom(source.Length, destination.Length, nameof(destination));
        ref var from = ref Unsafe.As<BFloat16, ushort>(ref MemoryMarshal.GetReference(source));
        ref var to = ref Unsafe.As<float, uint>(ref MemoryMarshal.GetReference(destination));
        nuint i = 0;
        for (; i + (nuint)Vector256<ushort>.Count <= (nuint)source.Length; i += (nuint)Vector256<ushort>.Count)
        {
            var (lower, upper) = Vector256.Widen(Vector256.LoadUnsafe(ref from, i));
            Vector256.ShiftLeft(lower, 16).StoreUnsafe(ref to, i);
            Vector256.ShiftLeft(upper, 16).StoreUnsafe(ref to, i + (nuint)Vector256<uint>.Count);
        }

        for (; i < (nuint)source.Length; i++)
        {
            Unsafe.Add(ref to, i) = (uint)Unsafe.Add(ref from, i) << 16;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => ToSingle().ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The bits of the nearest bfloat16 numbers, in the lower half of each lane, of float32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<uint> RoundToUpperHalf(Vector128<uint> bits)
    {
        var even = Vector128.ShiftRightLogical(bits, 16) & Vector128.Create(1u);
        var rounded = bits + Vector128.Create(0x7FFFu) + even;
        var isNaN = Vector128.GreaterThan(bits & Vector128.Create(0x7FFF_FFFFu), Vector128.Create(0x7F80_0000u));
        return Vector128.ShiftRightLogical(Vector128.ConditionalSelect(isNaN, bits | Vector128.Create(0x0040_0000u), rounded), 16);
    }

    /// <inheritdoc cref="RoundToUpperHalf(Vector128{uint})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<uint> RoundToUpperHalf(Vector256<uint> bits)
    {
        var even = Vector256.ShiftRightLogical(bits, 16) & Vector256.Create(1u);
        var rounded = bits + Vector256.Create(0x7FFFu) + even;
        var isNaN = Vector256.GreaterThan(bits & Vector256.Create(0x7FFF_FFFFu), Vector256.Create(0x7F80_0000u));
        return Vector256.ShiftRightLogical(Vector256.ConditionalSelect(isNaN, bits | Vector256.Create(0x0040_0000u), rounded), 16);
    }

    /// <inheritdoc cref="RoundToUpperHalf(Vector128{uint})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<uint> RoundToUpperHalf(Vector512<uint> bits)
    {
        var even = Vector512.ShiftRightLogical(bits, 16) & Vector512.Create(1u);
        var rounded = bits + Vector512.Create(0x7FFFu) + even;
        var isNaN = Vector512.GreaterThan(bits & Vector512.Create(0x7FFF_FFFFu), Vector512.Create(0x7F80_0000u));
        return Vector512.ShiftRightLogical(Vector512.ConditionalSelect(isNaN, bits | Vector512.Create(0x0040_0000u), rounded), 16);
    }

    private static void RequireRoom(int needed, int available, string name)
    {
        if (available < needed)
        {
            throw new ArgumentException($"There is room for {available} elements, {needed} are needed.", name);
        }
    }
}
