using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>One row of a tile, held in registers.</summary>
internal unsafe interface ITileRow<TSelf, TVector>
    where TSelf : unmanaged, ITileRow<TSelf, TVector>
    where TVector : unmanaged, IVector<TVector>
{
    /// <summary>Elements of the row.</summary>
    static abstract int Count { get; }

    /// <summary>Reads one depth of a packed panel of B.</summary>
    static abstract TSelf Load(float* source);

    /// <summary>Asks for the row at <paramref name="source"/>, which may lie past the end of the panel.</summary>
    static abstract void Prefetch(float* source);

    /// <summary>sum + a·b.</summary>
    static abstract TSelf MultiplyAdd(TVector a, TSelf b, TSelf sum);

    /// <summary>destination = sum + addend, or the sum alone where the addend is null.</summary>
    static abstract void Store(TSelf sum, float* destination, float* addend);
}

/// <summary>A row of one vector.</summary>
internal readonly unsafe struct TileRow1<TVector>(TVector v0) : ITileRow<TileRow1<TVector>, TVector>
    where TVector : unmanaged, IVector<TVector>
{
    private readonly TVector _v0 = v0;

    public static int Count => TVector.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* source)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(source);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TileRow1<TVector> Load(float* source) => new(TVector.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TileRow1<TVector> MultiplyAdd(TVector a, TileRow1<TVector> b, TileRow1<TVector> sum) =>
        new(TVector.MultiplyAdd(a, b._v0, sum._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(TileRow1<TVector> sum, float* destination, float* addend) =>
        TVector.Store(addend == null ? sum._v0 : sum._v0 + TVector.Load(addend), destination);
}

/// <summary>A row of two vectors.</summary>
internal readonly unsafe struct TileRow2<TVector>(TVector v0, TVector v1) : ITileRow<TileRow2<TVector>, TVector>
    where TVector : unmanaged, IVector<TVector>
{
    private readonly TVector _v0 = v0, _v1 = v1;

    public static int Count => 2 * TVector.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* source)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(source);
            Sse.Prefetch0(source + TVector.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TileRow2<TVector> Load(float* source) => new(TVector.Load(source), TVector.Load(source + TVector.Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TileRow2<TVector> MultiplyAdd(TVector a, TileRow2<TVector> b, TileRow2<TVector> sum) =>
        new(TVector.MultiplyAdd(a, b._v0, sum._v0), TVector.MultiplyAdd(a, b._v1, sum._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(TileRow2<TVector> sum, float* destination, float* addend)
    {
        if (addend != null)
        {
            sum = new(sum._v0 + TVector.Load(addend), sum._v1 + TVector.Load(addend + TVector.Count));
        }

        TVector.Store(sum._v0, destination);
        TVector.Store(sum._v1, destination + TVector.Count);
    }
}

/// <summary>A row of three vectors.</summary>
internal readonly unsafe struct TileRow3<TVector>(TVector v0, TVector v1, TVector v2) : ITileRow<TileRow3<TVector>, TVector>
    where TVector : unmanaged, IVector<TVector>
{
    private readonly TVector _v0 = v0, _v1 = v1, _v2 = v2;

    public static int Count => 3 * TVector.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* source)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(source);
            Sse.Prefetch0(source + TVector.Count);
            Sse.Prefetch0(source + (2 * TVector.Count));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TileRow3<TVector> Load(float* source) =>
        new(TVector.Load(source), TVector.Load(source + TVector.Count), TVector.Load(source + (2 * TVector.Count)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TileRow3<TVector> MultiplyAdd(TVector a, TileRow3<TVector> b, TileRow3<TVector> sum) =>
        new(TVector.MultiplyAdd(a, b._v0, sum._v0), TVector.MultiplyAdd(a, b._v1, sum._v1), TVector.MultiplyAdd(a, b._v2, sum._v2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(TileRow3<TVector> sum, float* destination, float* addend)
    {
        if (addend != null)
        {
            sum = new(
                sum._v0 + TVector.Load(addend), sum._v1 + TVector.Load(addend + TVector.Count), sum._v2 + TVector.Load(addend + (2 * TVector.Count)));
        }

        TVector.Store(sum._v0, destination);
        TVector.Store(sum._v1, destination + TVector.Count);
        TVector.Store(sum._v2, destination + (2 * TVector.Count));
    }
}
