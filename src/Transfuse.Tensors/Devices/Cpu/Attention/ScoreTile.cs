using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>
/// Scores of one tile of keys against one tile of queries, kept transposed: a row is a key, a column a query. Everything that the
/// softmax does to a query then runs down a column, so that every lane works on a query of its own and no lanes are ever summed.
/// </summary>
internal static unsafe class ScoreTile
{
    /// <summary>Elements from one key to the next.</summary>
    internal const int RowStride = AttentionTile.Size;

    /// <summary>
    /// scores[j, i] = cap(q'ᵢ·kⱼ) − slope·|pᵢ − j| + bias[pᵢ − j], −∞ where the mask hides key j from query i; q' is the scaled query and
    /// cap(s) = c·tanh(s/c). Where the cap applies, its derivative 1 − tanh² goes to <paramref name="capDerivative"/> unless null.
    /// </summary>
    /// <param name="arguments">Cap and mask.</param>
    /// <param name="products">Products of tiles.</param>
    /// <param name="slope">ALiBi slope of the head.</param>
    /// <param name="bias">Learned bias of the head by distance, or null.</param>
    /// <param name="tile">The queries.</param>
    /// <param name="firstKey">First key, counted from the document's first.</param>
    /// <param name="keyCount">Number of keys.</param>
    /// <param name="keys">Keys, the left side.</param>
    /// <param name="queries">Scaled queries, the right side.</param>
    /// <param name="width">Number of queries rounded up to the vector width.</param>
    /// <param name="scores">Receives the scores.</param>
    /// <param name="capDerivative">Receives the cap's derivative.</param>
    internal static void Compute<T, TKernel>(
        in AttentionArguments arguments, in AttentionProducts<TKernel> products, float slope, float* bias, in AttentionTile tile, int firstKey, int keyCount,
        PackedSide keys, PackedSide queries, int width, float* scores, float* capDerivative)
        where T : unmanaged, IVector<T>
        where TKernel : struct, IGemmKernel
    {
        products.Multiply(keyCount, tile.QueryCount, arguments.HeadSize, keys, queries, scores, RowStride, accumulate: false);
        if (arguments.SoftCap > 0)
        {
            Cap<T>(scores, keyCount, width, arguments.SoftCap, capDerivative);
        }

        var firstDistance = tile.Position - firstKey;
        if (slope != 0)
        {
            AddAlibi<T>(scores, keyCount, width, firstDistance, slope);
        }

        if (bias != null)
        {
            AddBias<T>(scores, keyCount, width, bias + firstDistance);
        }

        if (arguments.Mask.Hides(tile, firstKey, firstKey + keyCount))
        {
            Hide<T>(scores, keyCount, width, firstDistance, arguments.Mask.Window);
        }
    }

    /// <summary>s ← c·tanh(s/c), and 1 − tanh² to <paramref name="derivative"/> unless null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Cap<T>(float* scores, int keyCount, int width, float cap, float* derivative)
        where T : unmanaged, IVector<T>
    {
        var factor = T.Create(cap);
        var inverse = T.Create(1 / cap);
        var one = T.Create(1);
        for (var key = 0; key < keyCount; key++)
        {
            for (var i = key * RowStride; i < (key * RowStride) + width; i += T.Count)
            {
                var tanh = Tanh(T.Load(scores + i) * inverse);
                T.Store(factor * tanh, scores + i);
                if (derivative != null)
                {
                    T.Store(one - (tanh * tanh), derivative + i);
                }
            }
        }
    }

    // sign(x)·(1 − 2/(e^(2|x|) + 1)), and below 0.625, where that cancels, the odd polynomial of Cephes' tanhf.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Tanh<T>(T x)
        where T : unmanaged, IVector<T>
    {
        var one = T.Create(1);
        var magnitude = T.Abs(x);
        var large = one - (T.Create(2) / (VectorMath.Exp(T.Min(magnitude, T.Create(20)) * T.Create(2)) + one));
        large = T.SelectLess(x, T.Zero, T.Zero - large, large);
        var square = x * x;
        var p = T.Create(-5.70498872745e-3f);
        p = T.MultiplyAdd(p, square, T.Create(2.06390887954e-2f));
        p = T.MultiplyAdd(p, square, T.Create(-5.37397155531e-2f));
        p = T.MultiplyAdd(p, square, T.Create(1.33314422036e-1f));
        p = T.MultiplyAdd(p, square, T.Create(-3.33332819422e-1f));
        return T.SelectLess(magnitude, T.Create(0.625f), T.MultiplyAdd(p * square, x, x), large);
    }

    // s ← s − slope·|distance|; the distance of query i and key j is firstDistance + i − j.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddAlibi<T>(float* scores, int keyCount, int width, int firstDistance, float slope)
        where T : unmanaged, IVector<T>
    {
        var lanes = Lanes<T>();
        var negativeSlope = T.Create(-slope);
        for (var key = 0; key < keyCount; key++)
        {
            for (var column = 0; column < width; column += T.Count)
            {
                var score = scores + (key * RowStride) + column;
                var distance = T.Abs(lanes + T.Create(firstDistance + column - key));
                T.Store(T.MultiplyAdd(negativeSlope, distance, T.Load(score)), score);
            }
        }
    }

    // s ← s + bias[distance]; consecutive queries have consecutive distances.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddBias<T>(float* scores, int keyCount, int width, float* bias)
        where T : unmanaged, IVector<T>
    {
        for (var key = 0; key < keyCount; key++)
        {
            for (var column = 0; column < width; column += T.Count)
            {
                var score = scores + (key * RowStride) + column;
                T.Store(T.Load(score) + T.Load(bias + column - key), score);
            }
        }
    }

    // s ← −∞ unless 0 ≤ distance < window.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Hide<T>(float* scores, int keyCount, int width, int firstDistance, int window)
        where T : unmanaged, IVector<T>
    {
        var lanes = Lanes<T>();
        var hidden = T.Create(float.NegativeInfinity);
        for (var key = 0; key < keyCount; key++)
        {
            for (var column = 0; column < width; column += T.Count)
            {
                var score = scores + (key * RowStride) + column;
                var distance = lanes + T.Create(firstDistance + column - key);
                var seen = T.SelectLess(distance, T.Zero, hidden, T.Load(score));
                T.Store(T.SelectLess(distance, T.Create(window), seen, hidden), score);
            }
        }
    }

    // (0, 1, 2, …).
    private static T Lanes<T>()
        where T : unmanaged, IVector<T>
    {
        var lanes = stackalloc float[T.Count];
        for (var i = 0; i < T.Count; i++)
        {
            lanes[i] = i;
        }

        return T.Load(lanes);
    }
}
