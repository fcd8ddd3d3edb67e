using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>
/// The softmax of a tile of queries over tiles of keys that come one after the other (Milakov and Gimelshein 2018): a running
/// maximum m and a running sum l of e^(s − m) per query, and the factor e^(m_old − m_new) for what was summed before.
/// </summary>
/// <param name="maxima">m of each query.</param>
/// <param name="sums">l of each query.</param>
/// <param name="corrections">e^(m_old − m_new) of each query, after <see cref="RaiseMaxima"/>.</param>
/// <param name="width">Number of queries rounded up to the vector width.</param>
internal readonly unsafe ref struct OnlineSoftmax<T>(float* maxima, float* sums, float* corrections, int width)
    where T : unmanaged, IVector<T>
{
    private const int RowStride = ScoreTile.RowStride;

    /// <summary>The maximum of nothing. Not −∞: a hidden score's s − m must be −∞ and not a NaN while a query has seen nothing.</summary>
    internal const float NoMaximum = float.MinValue;

    internal void Start()
    {
        new Span<float>(maxima, width).Fill(NoMaximum);
        new Span<float>(sums, width).Clear();
    }

    /// <summary>Takes the tile into the maxima and lowers the sums to them; false if no maximum has changed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal bool RaiseMaxima(float* scores, int keyCount)
    {
        var raised = T.Zero;
        for (var column = 0; column < width; column += T.Count)
        {
            var old = T.Load(maxima + column);
            var max0 = old;
            var max1 = old;
            var score = scores + column;
            var key = 0;
            for (; key + 2 <= keyCount; key += 2)
            {
                var s0 = T.Load(score);
                var s1 = T.Load(score + RowStride);
                max0 = T.SelectLess(max0, s0, s0, max0);
                max1 = T.SelectLess(max1, s1, s1, max1);
                score += 2 * RowStride;
            }

            if (key < keyCount)
            {
                var s0 = T.Load(score);
                max0 = T.SelectLess(max0, s0, s0, max0);
            }

            max0 = T.SelectLess(max0, max1, max1, max0);
            var correction = VectorMath.SoftmaxExp(old - max0);
            T.Store(max0, maxima + column);
            T.Store(correction, corrections + column);
            T.Store(correction * T.Load(sums + column), sums + column);
            raised += T.SelectLess(old, max0, T.Create(1), T.Zero);
        }

        return T.Sum(raised) > 0;
    }

    /// <summary>s ← e^(s − m), added to the sums in the order of the keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Exponentiate(float* scores, int keyCount)
    {
        for (var column = 0; column < width; column += T.Count)
        {
            var max = T.Load(maxima + column);
            var sum = T.Load(sums + column);
            var score = scores + column;
            for (var key = 0; key < keyCount; key++)
            {
                var p = VectorMath.SoftmaxExp(T.Load(score) - max);
                T.Store(p, score);
                sum += p;
                score += RowStride;
            }

            T.Store(sum, sums + column);
        }
    }
}
