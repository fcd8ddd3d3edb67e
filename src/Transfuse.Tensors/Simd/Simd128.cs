using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Transfuse.Tensors.Simd;

/// <summary>4 lanes in a 128-bit register.</summary>
internal readonly unsafe struct Simd128(Vector128<float> value) : IVector<Simd128>
{
    private readonly Vector128<float> _value = value;

    public static int Count => 4;

    public static Simd128 Zero => new(Vector128<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 Create(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 Load(float* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Simd128 value, float* destination) => Vector128.Store(value._value, destination);

    public static Simd128 LoadPartial(float* source, int count, float fill)
    {
        var lanes = stackalloc float[Count];
        for (var i = 0; i < Count; i++)
        {
            lanes[i] = i < count ? source[i] : fill;
        }

        return Load(lanes);
    }

    public static void StorePartial(Simd128 value, float* destination, int count)
    {
        var lanes = stackalloc float[Count];
        Store(value, lanes);
        for (var i = 0; i < count; i++)
        {
            destination[i] = lanes[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 FromInt8(byte* source) => new(Vector128.ConvertToSingle(Integers.Signed128((sbyte*)source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 FromNibbles(byte* source, int shift) =>
        new(Vector128.ConvertToSingle(Vector128.ShiftRightLogical(Integers.Unsigned128(source), shift) & Vector128.Create(15)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 FromSixBits(byte* source, int shift, byte* high, int highShift)
    {
        var top = Vector128.ShiftLeft(Vector128.ShiftRightLogical(Integers.Unsigned128(high), highShift) & Vector128.Create(3), 4);
        return new(Vector128.ConvertToSingle((Vector128.ShiftRightLogical(Integers.Unsigned128(source), shift) & Vector128.Create(15)) | top));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 FromBFloat16(ushort* source) => new(Vector128.ShiftLeft(Integers.Unsigned128(source), 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBFloat16(Simd128 value, ushort* destination) =>
        *(long*)destination = Vector128.Narrow(BFloat16.RoundToUpperHalf(value._value.AsUInt32()), Vector128<uint>.Zero).AsInt64().ToScalar();

    // The exponent is moved from a bias of 15 to one of 127; subnormal numbers are counted from 2⁻¹⁴ on, infinities and NaN keep all ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 FromHalf(ushort* source) => FromHalf(Integers.Unsigned128(source));

    /// <summary>Four half-precision numbers, in the lower halves of the lanes, exactly. The upper halves do not count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Simd128 FromHalf(Vector128<int> half)
    {
        var magnitude = Vector128.ShiftLeft(half & Vector128.Create(0x7FFF), 13);
        var normal = magnitude + Vector128.Create(112 << 23);
        var subnormal = ((magnitude + Vector128.Create(113 << 23)).AsSingle() - Vector128.Create(1f / 16384)).AsInt32();
        var bits = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(1 << 23)), subnormal, normal);
        bits |= Vector128.GreaterThanOrEqual(magnitude, Vector128.Create(31 << 23)) & Vector128.Create(0xFF << 23);
        return new((bits | Vector128.ShiftLeft(half & Vector128.Create(0x8000), 16)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 operator +(Simd128 left, Simd128 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 operator -(Simd128 left, Simd128 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 operator *(Simd128 left, Simd128 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 operator /(Simd128 left, Simd128 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 MultiplyAdd(Simd128 a, Simd128 b, Simd128 c) => new(Vector128.FusedMultiplyAdd(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 Max(Simd128 left, Simd128 right) => new(Vector128.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 MaxNative(Simd128 left, Simd128 right) => new(Vector128.MaxNative(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 Min(Simd128 left, Simd128 right) => new(Vector128.Min(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 Abs(Simd128 value) => new(Vector128.Abs(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 Sqrt(Simd128 value) => new(Vector128.Sqrt(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 Round(Simd128 value) => new(Vector128.Round(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 ScaleByPowerOfTwo(Simd128 value, Simd128 exponent) =>
        new(value._value * Vector128.ShiftLeft(Vector128.ConvertToInt32Native(exponent._value) + Vector128.Create(127), 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Simd128 SelectLess(Simd128 left, Simd128 right, Simd128 ifTrue, Simd128 ifFalse) =>
        new(Vector128.ConditionalSelect(Vector128.LessThan(left._value, right._value), ifTrue._value, ifFalse._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Simd128 value) => Vector128.Sum(value._value);

    public static float MaxLane(Simd128 value)
    {
        var pairs = Vector128.Max(value._value, Vector128.Shuffle(value._value, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(pairs, Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}
