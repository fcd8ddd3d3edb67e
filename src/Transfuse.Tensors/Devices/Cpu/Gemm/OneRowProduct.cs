using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// The product of one row and a packed panel, as decoding forms it: c[j] = Σ over d &lt; depth of a[d]·b[d, j], + addend[j]. It reads the panel once and does
/// little with it, so memory bounds it; sums run in the order of the larger tiles. Traffic: the panel's bytes, once.
/// </summary>
internal static unsafe class OneRowProduct
{
    // Some kilobytes ahead: a panel comes from memory, and the processor asks for the next page late.
    private const int PrefetchDepth = 24;

    /// <summary>Computes a tile of one row and <paramref name="vectors"/> whole vectors, 1 to 3.</summary>
    /// <param name="depth">Length of the sums.</param>
    /// <param name="a">The row.</param>
    /// <param name="b">Packed panel.</param>
    /// <param name="vectors">Vectors of the panel.</param>
    /// <param name="tile">Where the result goes.</param>
    internal static void Multiply<TVector>(int depth, float* a, float* b, int vectors, in GemmTile tile)
        where TVector : unmanaged, IVector<TVector>
    {
        switch (vectors)
        {
            case 3:
                Multiply<TVector, TileRow3<TVector>>(depth, a, b, tile);
                break;
            case 2:
                Multiply<TVector, TileRow2<TVector>>(depth, a, b, tile);
                break;
            default:
                Multiply<TVector, TileRow1<TVector>>(depth, a, b, tile);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TVector, TRow>(int depth, float* a, float* b, in GemmTile tile)
        where TVector : unmanaged, IVector<TVector>
        where TRow : unmanaged, ITileRow<TRow, TVector>
    {
        TRow sum = default;
        for (var end = a + depth; a != end; a++)
        {
            TRow.Prefetch(b + (PrefetchDepth * TRow.Count));
            sum = TRow.MultiplyAdd(TVector.Create(*a), TRow.Load(b), sum);
            b += TRow.Count;
        }

        TRow.Store(sum, tile.Destination, tile.Addend);
    }
}
