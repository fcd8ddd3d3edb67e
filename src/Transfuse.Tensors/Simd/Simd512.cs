using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Transfuse.Tensors.Simd;

/// <summary>16 lanes in a 512-bit register.</summary>
internal readonly unsafe struct Simd512(Vector512<float> value) : IVector<Simd512>
{
    private readonly Vector512<float> _value = value;

    public static int Count => 16;

    /// <summary>The register, for kernels of this tier alone.</summary>
    internal Vector512<float> Value => _value;

    public static Simd512 Zero => new(Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 Create(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Simd512 value, float* destination) => Vector512.Store(value._value, destination);

    public static Simd512 LoadPartial(float* source, int count, float fill)
    {
        var lanes = stackalloc float[Count];
        for (var i = 0; i < Count; i++)
        {
            lanes[i] = i < count ? source[i] : fill;
        }

        return Load(lanes);
    }

    public static void StorePartial(Simd512 value, float* destination, int count)
    {
        var lanes = stackalloc float[Count];
        Store(value, lanes);
        for (var i = 0; i < count; i++)
        {
            destination[i] = lanes[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 FromInt8(byte* source) => new(Vector512.ConvertToSingle(Integers.Signed512((sbyte*)source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 FromNibbles(byte* source, int shift) =>
        new(Vector512.ConvertToSingle(Vector512.ShiftRightLogical(Integers.Unsigned512(source), shift) & Vector512.Create(15)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 FromSixBits(byte* source, int shift, byte* high, int highShift)
    {
        var top = Vector512.ShiftLeft(Vector512.ShiftRightLogical(Integers.Unsigned512(high), highShift) & Vector512.Create(3), 4);
        return new(Vector512.ConvertToSingle((Vector512.ShiftRightLogical(Integers.Unsigned512(source), shift) & Vector512.Create(15)) | top));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 FromBFloat16(ushort* source) => new(Vector512.ShiftLeft(Integers.Unsigned512(source), 16).AsSingle());

    // Past the caches where that is possible: what is rounded waits for another pass, and a cache line that is written whole need not be read before.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(Simd512 value, ushort* destination)
    {
        var bits = BFloat16.RoundToUpperHalf(value._value.AsUInt32());
        var rounded = Avx512F.IsSupported ? Avx512F.ConvertToVector256UInt16(bits) : Vector256.Narrow(bits.GetLower(), bits.GetUpper());
        if (((nint)destination & (Vector256<byte>.Count - 1)) == 0)
        {
            Vector256.StoreAlignedNonTemporal(rounded, destination);
        }
        else
        {
            Vector256.Store(rounded, destination);
        }
    }

    // The exponent is moved from a bias of 15 to one of 127; subnormal numbers are counted from 2⁻¹⁴ on, infinities and NaN keep all ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 FromHalf(ushort* source)
    {
        var half = Integers.Unsigned512(source);
        var magnitude = Vector512.ShiftLeft(half & Vector512.Create(0x7FFF), 13);
        var normal = magnitude + Vector512.Create(112 << 23);
        var subnormal = ((magnitude + Vector512.Create(113 << 23)).AsSingle() - Vector512.Create(1f / 16384)).AsInt32();
        var bits = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(1 << 23)), subnormal, normal);
        bits |= Vector512.GreaterThanOrEqual(magnitude, Vector512.Create(31 << 23)) & Vector512.Create(0xFF << 23);
        return new((bits | Vector512.ShiftLeft(half & Vector512.Create(0x8000), 16)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 operator +(Simd512 left, Simd512 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 operator -(Simd512 left, Simd512 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 operator *(Simd512 left, Simd512 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 operator /(Simd512 left, Simd512 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 MultiplyAdd(Simd512 a, Simd512 b, Simd512 c) => new(Vector512.FusedMultiplyAdd(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 Max(Simd512 left, Simd512 right) => new(Vector512.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 MaxNative(Simd512 left, Simd512 right) => new(Vector512.MaxNative(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 Min(Simd512 left, Simd512 right) => new(Vector512.Min(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 Abs(Simd512 value) => new(Vector512.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 Sqrt(Simd512 value) => new(Vector512.Sqrt(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 Round(Simd512 value) => new(Vector512.Round(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 ScaleByPowerOfTwo(Simd512 value, Simd512 exponent) =>
        Avx512F.IsSupported
            ? new(Avx512F.Scale(value._value, exponent._value))
            : new(value._value * Vector512.ShiftLeft(Vector512.ConvertToInt32Native(exponent._value) + Vector512.Create(127), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd512 SelectLess(Simd512 left, Simd512 right, Simd512 ifTrue, Simd512 ifFalse) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(left._value, right._value), ifTrue._value, ifFalse._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Simd512 value) => Vector512.Sum(value._value);

    public static float MaxLane(Simd512 value) => Simd256.MaxLane(new(Vector256.Max(value._value.GetLower(), value._value.GetUpper())));
}
