namespace Transfuse.Tensors.Simd;

/// <summary>
/// A vector of float32 as one kernel tier has it. Kernels are written once over this interface and compiled for each tier; the
/// scalar form is the specification of the others.
/// </summary>
internal unsafe interface IVector<TSelf>
    where TSelf : unmanaged, IVector<TSelf>
{
    /// <summary>Number of lanes.</summary>
    static abstract int Count { get; }

    /// <summary>All lanes zero.</summary>
    static abstract TSelf Zero { get; }

    /// <summary>All lanes <paramref name="value"/>.</summary>
    static abstract TSelf Create(float value);

    /// <summary>Reads <see cref="Count"/> elements; no alignment needed.</summary>
    static abstract TSelf Load(float* source);

    /// <summary>Writes <see cref="Count"/> elements.</summary>
    static abstract void Store(TSelf value, float* destination);

    /// <summary>Reads <paramref name="count"/> elements, fewer than <see cref="Count"/>; the other lanes are <paramref name="fill"/>.</summary>
    static abstract TSelf LoadPartial(float* source, int count, float fill);

    /// <summary>Writes the first <paramref name="count"/> lanes.</summary>
    static abstract void StorePartial(TSelf value, float* destination, int count);

    /// <summary><see cref="Count"/> signed bytes, exactly.</summary>
    static abstract TSelf FromInt8(byte* source);

    /// <summary>
    /// <see cref="Count"/> small integers, exactly: bits <paramref name="shift"/> to <paramref name="shift"/> + 3 of each byte of
    /// <paramref name="source"/>.
    /// </summary>
    static abstract TSelf FromNibbles(byte* source, int shift);

    /// <summary>
    /// As <see cref="FromNibbles"/>, with bits <paramref name="highShift"/> and <paramref name="highShift"/> + 1 of each byte of
    /// <paramref name="high"/> as fifth and sixth bit.
    /// </summary>
    static abstract TSelf FromSixBits(byte* source, int shift, byte* high, int highShift);

    /// <summary><see cref="Count"/> bfloat16 numbers, exactly.</summary>
    static abstract TSelf FromBFloat16(ushort* source);

    /// <summary>Writes <see cref="Count"/> bfloat16 numbers, rounded as <see cref="BFloat16.FromSingle(float)"/> does.</summary>
    static abstract void StoreBFloat16(TSelf value, ushort* destination);

    /// <summary><see cref="Count"/> half-precision numbers, exactly.</summary>
    static abstract TSelf FromHalf(ushort* source);

    static abstract TSelf operator +(TSelf left, TSelf right);

    static abstract TSelf operator -(TSelf left, TSelf right);

    static abstract TSelf operator *(TSelf left, TSelf right);

    static abstract TSelf operator /(TSelf left, TSelf right);

    /// <summary>a·b + c in one rounding.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    static abstract TSelf Max(TSelf left, TSelf right);

    /// <summary>The larger, in one instruction; where one is not a number, either.</summary>
    static abstract TSelf MaxNative(TSelf left, TSelf right);

    static abstract TSelf Min(TSelf left, TSelf right);

    static abstract TSelf Abs(TSelf value);

    static abstract TSelf Sqrt(TSelf value);

    /// <summary>Nearest integer, halves to even.</summary>
    static abstract TSelf Round(TSelf value);

    /// <summary>x·2ⁿ for integral n in [−126, 127].</summary>
    static abstract TSelf ScaleByPowerOfTwo(TSelf value, TSelf exponent);

    /// <summary>Lane by lane: where <paramref name="left"/> &lt; <paramref name="right"/> then <paramref name="ifTrue"/>, else <paramref name="ifFalse"/>.</summary>
    static abstract TSelf SelectLess(TSelf left, TSelf right, TSelf ifTrue, TSelf ifFalse);

    /// <summary>Sum of all lanes.</summary>
    static abstract float Sum(TSelf value);

    /// <summary>Largest lane.</summary>
    static abstract float MaxLane(TSelf value);
}
