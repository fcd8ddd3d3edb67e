using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Transfuse.Tensors.Simd;

/// <summary>8 lanes in a 256-bit register.</summary>
internal readonly unsafe struct Simd256(Vector256<float> value) : IVector<Simd256>
{
    private readonly Vector256<float> _value = value;

    public static int Count => 8;

    public static Simd256 Zero => new(Vector256<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 Create(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Simd256 value, float* destination) => Vector256.Store(value._value, destination);

    public static Simd256 LoadPartial(float* source, int count, float fill)
    {
        var lanes = stackalloc float[Count];
        for (var i = 0; i < Count; i++)
        {
            lanes[i] = i < count ? source[i] : fill;
        }

        return Load(lanes);
    }

    public static void StorePartial(Simd256 value, float* destination, int count)
    {
        var lanes = stackalloc float[Count];
        Store(value, lanes);
        for (var i = 0; i < count; i++)
        {
            destination[i] = lanes[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 FromInt8(byte* source) => new(Vector256.ConvertToSingle(Integers.Signed256((sbyte*)source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 FromNibbles(byte* source, int shift) =>
        new(Vector256.ConvertToSingle(Vector256.ShiftRightLogical(Integers.Unsigned256(source), shift) & Vector256.Create(15)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 FromSixBits(byte* source, int shift, byte* high, int highShift)
    {
        var top = Vector256.ShiftLeft(Vector256.ShiftRightLogical(Integers.Unsigned256(high), highShift) & Vector256.Create(3), 4);
        return new(Vector256.ConvertToSingle((Vector256.ShiftRightLogical(Integers.Unsigned256(source), shift) & Vector256.Create(15)) | top));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 FromBFloat16(ushort* source) => new(Vector256.ShiftLeft(Integers.Unsigned256(source), 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(Simd256 value, ushort* destination)
    {
        var bits = BFloat16.RoundToUpperHalf(value._value.AsUInt32());
        Vector128.Store(Vector128.Narrow(bits.GetLower(), bits.GetUpper()), destination);
    }

    // The exponent is moved from a bias of 15 to one of 127; subnormal numbers are counted from 2⁻¹⁴ on, infinities and NaN keep all ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 FromHalf(ushort* source)
    {
        var half = Integers.Unsigned256(source);
        var magnitude = Vector256.ShiftLeft(half & Vector256.Create(0x7FFF), 13);
        var normal = magnitude + Vector256.Create(112 << 23);
        var subnormal = ((magnitude + Vector256.Create(113 << 23)).AsSingle() - Vector256.Create(1f / 16384)).AsInt32();
        var bits = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(1 << 23)), subnormal, normal);
        bits |= Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(31 << 23)) & Vector256.Create(0xFF << 23);
        return new((bits | Vector256.ShiftLeft(half & Vector256.Create(0x8000), 16)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 operator +(Simd256 left, Simd256 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 operator -(Simd256 left, Simd256 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 operator *(Simd256 left, Simd256 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 operator /(Simd256 left, Simd256 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 MultiplyAdd(Simd256 a, Simd256 b, Simd256 c) => new(Vector256.FusedMultiplyAdd(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 Max(Simd256 left, Simd256 right) => new(Vector256.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 MaxNative(Simd256 left, Simd256 right) => new(Vector256.MaxNative(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 Min(Simd256 left, Simd256 right) => new(Vector256.Min(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 Abs(Simd256 value) => new(Vector256.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 Sqrt(Simd256 value) => new(Vector256.Sqrt(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 Round(Simd256 value) => new(Vector256.Round(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 ScaleByPowerOfTwo(Simd256 value, Simd256 exponent) =>
        new(value._value * Vector256.ShiftLeft(Vector256.ConvertToInt32Native(exponent._value) + Vector256.Create(127), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd256 SelectLess(Simd256 left, Simd256 right, Simd256 ifTrue, Simd256 ifFalse) =>
        new(Vector256.ConditionalSelect(Vector256.LessThan(left._value, right._value), ifTrue._value, ifFalse._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Simd256 value) => Vector256.Sum(value._value);

    public static float MaxLane(Simd256 value) => Simd128.MaxLane(new(Vector128.Max(value._value.GetLower(), value._value.GetUpper())));
}
