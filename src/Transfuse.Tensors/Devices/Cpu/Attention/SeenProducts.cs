using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>
/// The products with a tile's probabilities or their gradients, row by row over what the mask shows. Where it hides a pair, the factor is 0, which
/// a product of whole tiles multiplies by whatever the hidden row holds; a NaN there, or 0·∞, would reach rows that do not see it. So
/// tiles in which the mask hides something and some value is not finite are taken this way; the sums are in the same order, and in float32 have the same bits.
/// </summary>
internal static unsafe class SeenProducts
{
    private const int Size = AttentionTile.Size;

    /// <summary>Whether no value of <paramref name="count"/> rows is NaN or infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool AreFinite<T>(float* rows, nint stride, int count, int columns)
        where T : unmanaged, IVector<T>
    {
        // 0·x is 0, or NaN if x is not finite.
        var zeros = T.Zero;
        for (var row = 0; row < count; row++, rows += stride)
        {
            var column = 0;
            for (; column + T.Count <= columns; column += T.Count)
            {
                zeros = T.MultiplyAdd(T.Zero, T.Load(rows + column), zeros);
            }

            if (column < columns)
            {
                zeros = T.MultiplyAdd(T.Zero, T.LoadPartial(rows + column, columns - column, 0), zeros);
            }
        }

        return T.Sum(zeros) == 0;
    }

    /// <summary>result[query] += Σ factors[key, query]·rows[key] over the keys that the query sees.</summary>
    internal static void AddToQueries<T>(
        in AttentionMask mask, in AttentionTile tile, int firstKey, int keyCount, float* factors, float* rows, int padded, float* result)
        where T : unmanaged, IVector<T>
    {
        for (var query = 0; query < tile.QueryCount; query++)
        {
            var (start, end) = mask.KeysSeen(tile.Position + query, firstKey, keyCount);
            AddRows<T>(end - start, padded, factors + (start * Size) + query, Size, rows + (start * padded), result + (query * padded));
        }
    }

    /// <summary>result[key] += Σ factors[key, query]·rows[query] over the queries that see the key.</summary>
    internal static void AddToKeys<T>(
        in AttentionMask mask, in AttentionTile tile, int firstKey, int keyCount, float* factors, float* rows, int padded, float* result)
        where T : unmanaged, IVector<T>
    {
        for (var key = 0; key < keyCount; key++)
        {
            var (start, end) = mask.QueriesThatSee(tile, firstKey + key);
            AddRows<T>(end - start, padded, factors + (key * Size) + start, 1, rows + (start * padded), result + (key * padded));
        }
    }

    // result += Σ over i < count of factors[i·step]·row i, summed before it is added.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRows<T>(int count, int padded, float* factors, int step, float* rows, float* result)
        where T : unmanaged, IVector<T>
    {
        for (var column = 0; column < padded; column += T.Count)
        {
            var sum = T.Zero;
            for (var i = 0; i < count; i++)
            {
                sum = T.MultiplyAdd(T.Create(factors[i * step]), T.Load(rows + (i * padded) + column), sum);
            }

            T.Store(T.Load(result + column) + sum, result + column);
        }
    }
}
