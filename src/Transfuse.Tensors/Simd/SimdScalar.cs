using System.Runtime.CompilerServices;

namespace Transfuse.Tensors.Simd;

/// <summary>One lane: plain float32 arithmetic.</summary>
internal readonly unsafe struct SimdScalar(float value) : IVector<SimdScalar>
{
    private readonly float _value = value;

    public static int Count => 1;

    public static SimdScalar Zero => new(0);

    public static SimdScalar Create(float value) => new(value);

    public static SimdScalar Load(float* source) => new(*source);

    public static void Store(SimdScalar value, float* destination) => *destination = value._value;

    public static SimdScalar LoadPartial(float* source, int count, float fill) => new(count > 0 ? *source : fill);

    public static void StorePartial(SimdScalar value, float* destination, int count)
    {
        if (count > 0)
        {
            *destination = value._value;
        }
    }

    public static SimdScalar FromInt8(byte* source) => new((sbyte)*source);

    public static SimdScalar FromNibbles(byte* source, int shift) => new((*source >> shift) & 15);

    public static SimdScalar FromSixBits(byte* source, int shift, byte* high, int highShift) =>
        new(((*source >> shift) & 15) | (((*high >> highShift) & 3) << 4));

    public static SimdScalar FromBFloat16(ushort* source) => new(BFloat16.FromBits(*source).ToSingle());

    public static void StoreBFloat16(SimdScalar value, ushort* destination) => *destination = BFloat16.FromSingle(value._value).Bits;

    public static SimdScalar FromHalf(ushort* source) => new((float)BitConverter.UInt16BitsToHalf(*source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdScalar operator +(SimdScalar left, SimdScalar right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdScalar operator -(SimdScalar left, SimdScalar right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdScalar operator *(SimdScalar left, SimdScalar right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdScalar operator /(SimdScalar left, SimdScalar right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SimdScalar MultiplyAdd(SimdScalar a, SimdScalar b, SimdScalar c) =>
        new(MathF.FusedMultiplyAdd(a._value, b._value, c._value));

    public static SimdScalar Max(SimdScalar left, SimdScalar right) => new(MathF.Max(left._value, right._value));

    public static SimdScalar MaxNative(SimdScalar left, SimdScalar right) => new(left._value > right._value ? left._value : right._value);

    public static SimdScalar Min(SimdScalar left, SimdScalar right) => new(MathF.Min(left._value, right._value));

    public static SimdScalar Abs(SimdScalar value) => new(MathF.Abs(value._value));

    public static SimdScalar Sqrt(SimdScalar value) => new(MathF.Sqrt(value._value));

    public static SimdScalar Round(SimdScalar value) => new(MathF.Round(value._value));

    public static SimdScalar ScaleByPowerOfTwo(SimdScalar value, SimdScalar exponent) =>
        new(value._value * BitConverter.Int32BitsToSingle(((int)exponent._value + 127) << 23));

    public static SimdScalar SelectLess(SimdScalar left, SimdScalar right, SimdScalar ifTrue, SimdScalar ifFalse) =>
        left._value < right._value ? ifTrue : ifFalse;

    public static float Sum(SimdScalar value) => value._value;

    public static float MaxLane(SimdScalar value) => value._value;
}
