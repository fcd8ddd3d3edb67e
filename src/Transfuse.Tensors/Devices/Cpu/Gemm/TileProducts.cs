using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// The innermost loop of a matrix product for a given number of rows. Traffic: a depth reads one row of B's panel and <see cref="Rows"/> elements of A's,
/// from caches.
/// </summary>
internal unsafe interface ITileProduct
{
    /// <summary>Rows of a tile.</summary>
    static abstract int Rows { get; }

    /// <summary>
    /// tile[i, j] = Σ over d &lt; depth of a[d, i]·b[d, j], + addend[i, j]. The tile is as wide as <typeparamref name="TRow"/>.
    /// </summary>
    static abstract void Multiply<TVector, TRow>(int depth, float* a, float* b, in GemmTile tile)
        where TVector : unmanaged, IVector<TVector>
        where TRow : unmanaged, ITileRow<TRow, TVector>;
}

/// <summary>
/// Four rows: with three vectors a row, 12 sums, 3 vectors of B and one of A fill the 16 registers of a 128- or 256-bit tier exactly.
/// </summary>
internal readonly unsafe struct TileProduct4 : ITileProduct
{
    public static int Rows => 4;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TVector, TRow>(int depth, float* a, float* b, in GemmTile tile)
        where TVector : unmanaged, IVector<TVector>
        where TRow : unmanaged, ITileRow<TRow, TVector>
    {
        TRow r0 = default, r1 = default, r2 = default, r3 = default;
        for (var end = a + ((nint)depth * 4); a != end; a += 4)
        {
            var v = TRow.Load(b);
            b += TRow.Count;
            r0 = TRow.MultiplyAdd(TVector.Create(a[0]), v, r0);
            r1 = TRow.MultiplyAdd(TVector.Create(a[1]), v, r1);
            r2 = TRow.MultiplyAdd(TVector.Create(a[2]), v, r2);
            r3 = TRow.MultiplyAdd(TVector.Create(a[3]), v, r3);
        }

        tile.Store<TVector, TRow>(0, r0);
        tile.Store<TVector, TRow>(1, r1);
        tile.Store<TVector, TRow>(2, r2);
        tile.Store<TVector, TRow>(3, r3);
    }
}

/// <summary>Eight rows: with three vectors a row, 24 sums, 3 vectors of B and one of A in the 32 registers of the 512-bit tier.</summary>
internal readonly unsafe struct TileProduct8 : ITileProduct
{
    // Panels of B come from the second- or third-level cache when their first row of tiles is formed.
    private const int PrefetchDepth = 8;

    public static int Rows => 8;

    // Written out row by row because only local variables stay in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TVector, TRow>(int depth, float* a, float* b, in GemmTile tile)
        where TVector : unmanaged, IVector<TVector>
        where TRow : unmanaged, ITileRow<TRow, TVector>
    {
        PrefetchTile<TRow, TVector>(tile);
        TRow r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default, r6 = default, r7 = default;
        for (var end = a + ((nint)depth * 8); a != end; a += 8)
        {
            var v = TRow.Load(b);
            TRow.Prefetch(b + (PrefetchDepth * TRow.Count));
            b += TRow.Count;
            r0 = TRow.MultiplyAdd(TVector.Create(a[0]), v, r0);
            r1 = TRow.MultiplyAdd(TVector.Create(a[1]), v, r1);
            r2 = TRow.MultiplyAdd(TVector.Create(a[2]), v, r2);
            r3 = TRow.MultiplyAdd(TVector.Create(a[3]), v, r3);
            r4 = TRow.MultiplyAdd(TVector.Create(a[4]), v, r4);
            r5 = TRow.MultiplyAdd(TVector.Create(a[5]), v, r5);
            r6 = TRow.MultiplyAdd(TVector.Create(a[6]), v, r6);
            r7 = TRow.MultiplyAdd(TVector.Create(a[7]), v, r7);
        }

        tile.Store<TVector, TRow>(0, r0);
        tile.Store<TVector, TRow>(1, r1);
        tile.Store<TVector, TRow>(2, r2);
        tile.Store<TVector, TRow>(3, r3);
        tile.Store<TVector, TRow>(4, r4);
        tile.Store<TVector, TRow>(5, r5);
        tile.Store<TVector, TRow>(6, r6);
        tile.Store<TVector, TRow>(7, r7);
    }

    // The tile's part of the output has left the first-level cache since the last block of depths; it is there again when the sums are.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchTile<TRow, TVector>(in GemmTile tile)
        where TVector : unmanaged, IVector<TVector>
        where TRow : unmanaged, ITileRow<TRow, TVector>
    {
        var row = tile.Destination;
        for (var i = 0; i < tile.Rows; i++)
        {
            TRow.Prefetch(row);
            row += tile.Stride;
        }
    }
}
