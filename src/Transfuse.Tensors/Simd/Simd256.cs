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

    public static float MaxLane(Simd256 value)
    {
        var lanes = stackalloc float[Count];
        Store(value, lanes);
        var max = lanes[0];
        for (var i = 1; i < Count; i++)
        {
            max = MathF.Max(max, lanes[i]);
        }

        return max;
    }
}
