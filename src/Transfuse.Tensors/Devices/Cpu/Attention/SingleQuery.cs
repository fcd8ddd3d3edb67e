using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>
/// O = softmax(q·Kᵀ)·V of one query, as in decoding. A tile of queries would be lanes without work: here the lanes are a head's elements, and
/// keys and values are read where they lie, once. Traffic: 8 bytes an element of a head for every key.
/// </summary>
/// <remarks>The running maximum and sum of <see cref="OnlineSoftmax{T}"/>, over blocks of keys. Sums over a head's elements are formed lane by lane.</remarks>
/// <param name="arguments">Operands, cap and mask.</param>
/// <param name="query">Room for the scaled query, rounded up to the vector width.</param>
/// <param name="scores">Room for the scores of a block.</param>
/// <param name="output">Room for the output, rounded up to the vector width.</param>
internal readonly unsafe ref struct SingleQuery<T>(AttentionArguments arguments, float* query, float* scores, float* output)
    where T : unmanaged, IVector<T>
{
    private const int BlockSize = AttentionTile.Size;
    private const int KeysAtOnce = 4;

    // Rows of the cache hold all heads: the processor does not see that every other piece of them is read.
    private const int PrefetchKeys = 16;

    /// <summary>Attends from the only query of <paramref name="tile"/> to all that it sees.</summary>
    /// <param name="tile">One query.</param>
    /// <param name="head">Its head.</param>
    /// <param name="slope">ALiBi slope of the head.</param>
    /// <param name="bias">Learned bias of the head by distance, or null.</param>
    /// <returns>The largest score and Σ e^(s − largest); the output holds Σ e^(s − largest)·v.</returns>
    internal (float Maximum, float Sum) Attend(in AttentionTile tile, int head, float slope, float* bias)
    {
        var padded = arguments.PaddedHeadSize<T>();
        PaddedRows.Copy<T>(arguments.Query.At(tile.QueryRow, head), 0, 1, arguments.HeadSize, arguments.Scale, query, padded);
        new Span<float>(output, padded).Clear();
        var keyHead = head / arguments.GroupSize;
        var (maximum, sum) = (OnlineSoftmax<T>.NoMaximum, 0f);
        var end = arguments.Mask.EndKey(tile);
        for (var key = arguments.Mask.FirstKey(tile); key < end; key += BlockSize)
        {
            var count = Math.Min(BlockSize, end - key);
            Score(arguments.Key.At(tile.KeyRow + key, keyHead), count);
            Adjust(count, tile.Position - key, slope, bias);
            var raised = Math.Max(maximum, Largest(count));
            var correction = MathF.Exp(maximum - raised);
            sum = (sum * correction) + Exponentiate(count, raised);
            maximum = raised;
            AddValues(arguments.Value.At(tile.KeyRow + key, keyHead), count, correction);
        }

        return (maximum, sum);
    }

    // sⱼ = q·kⱼ.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Score(float* keys, int count)
    {
        var size = arguments.HeadSize;
        var stride = arguments.Key.RowStride;
        for (var key = 0; key < count; key += KeysAtOnce)
        {
            // Missing keys repeat the last one; there is room for their scores.
            var k0 = keys + (key * stride);
            var k1 = keys + (Math.Min(key + 1, count - 1) * stride);
            var k2 = keys + (Math.Min(key + 2, count - 1) * stride);
            var k3 = keys + (Math.Min(key + 3, count - 1) * stride);
            var ahead = PrefetchKeys * stride;
            RowPrefetch.Fetch((byte*)(k0 + ahead), (byte*)(k1 + ahead), (byte*)(k2 + ahead), (byte*)(k3 + ahead), size * sizeof(float));
            T s0 = T.Zero, s1 = s0, s2 = s0, s3 = s0;
            var i = 0;
            for (; i <= size - T.Count; i += T.Count)
            {
                var q = T.Load(query + i);
                s0 = T.MultiplyAdd(q, T.Load(k0 + i), s0);
                s1 = T.MultiplyAdd(q, T.Load(k1 + i), s1);
                s2 = T.MultiplyAdd(q, T.Load(k2 + i), s2);
                s3 = T.MultiplyAdd(q, T.Load(k3 + i), s3);
            }

            if (i < size)
            {
                var q = T.Load(query + i);
                s0 = T.MultiplyAdd(q, T.LoadPartial(k0 + i, size - i, 0), s0);
                s1 = T.MultiplyAdd(q, T.LoadPartial(k1 + i, size - i, 0), s1);
                s2 = T.MultiplyAdd(q, T.LoadPartial(k2 + i, size - i, 0), s2);
                s3 = T.MultiplyAdd(q, T.LoadPartial(k3 + i, size - i, 0), s3);
            }

            (scores[key], scores[key + 1], scores[key + 2], scores[key + 3]) = (T.Sum(s0), T.Sum(s1), T.Sum(s2), T.Sum(s3));
        }
    }

    // Cap and biases; the distance of the query and key j is firstDistance − j. Lanes without a key get −∞.
    private void Adjust(int count, int firstDistance, float slope, float* bias)
    {
        var padded = AttentionArguments.RoundUp<T>(count);
        new Span<float>(scores + count, padded - count).Fill(float.NegativeInfinity);
        if (arguments.SoftCap > 0)
        {
            ScoreTile.Cap<T>(scores, 1, padded, arguments.SoftCap, derivative: null);
            new Span<float>(scores + count, padded - count).Fill(float.NegativeInfinity);
        }

        for (var key = 0; slope != 0 && key < count; key++)
        {
            scores[key] -= slope * Math.Abs(firstDistance - key);
        }

        for (var key = 0; bias != null && key < count; key++)
        {
            scores[key] += bias[firstDistance - key];
        }
    }

    private float Largest(int count)
    {
        var largest = T.Load(scores);
        for (var i = T.Count; i < count; i += T.Count)
        {
            largest = T.Max(largest, T.Load(scores + i));
        }

        return T.MaxLane(largest);
    }

    // s ← e^(s − m), and their sum.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float Exponentiate(int count, float maximum)
    {
        var max = T.Create(maximum);
        var sum = T.Zero;
        for (var i = 0; i < count; i += T.Count)
        {
            var p = VectorMath.SoftmaxExp(T.Load(scores + i) - max);
            T.Store(p, scores + i);
            sum += p;
        }

        return T.Sum(sum);
    }

    // o ← correction·o + Σ pⱼ·vⱼ, four vectors of the head at a time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddValues(float* values, int count, float correction)
    {
        var size = arguments.HeadSize;
        var stride = arguments.Value.RowStride;
        var factor = T.Create(correction);
        var i = 0;
        for (; i <= size - (4 * T.Count); i += 4 * T.Count)
        {
            var o = output + i;
            var o0 = factor * T.Load(o);
            var o1 = factor * T.Load(o + T.Count);
            var o2 = factor * T.Load(o + (2 * T.Count));
            var o3 = factor * T.Load(o + (3 * T.Count));
            var v = values + i;
            for (var key = 0; key < count; key++)
            {
                var p = T.Create(scores[key]);
                o0 = T.MultiplyAdd(p, T.Load(v), o0);
                o1 = T.MultiplyAdd(p, T.Load(v + T.Count), o1);
                o2 = T.MultiplyAdd(p, T.Load(v + (2 * T.Count)), o2);
                o3 = T.MultiplyAdd(p, T.Load(v + (3 * T.Count)), o3);
                v += stride;
            }

            T.Store(o0, o);
            T.Store(o1, o + T.Count);
            T.Store(o2, o + (2 * T.Count));
            T.Store(o3, o + (3 * T.Count));
        }

        for (; i <= size - T.Count; i += T.Count)
        {
            var sum = factor * T.Load(output + i);
            var v = values + i;
            for (var key = 0; key < count; key++)
            {
                sum = T.MultiplyAdd(T.Create(scores[key]), T.Load(v), sum);
                v += stride;
            }

            T.Store(sum, output + i);
        }

        for (; i < size; i++)
        {
            var sum = correction * output[i];
            for (var key = 0; key < count; key++)
            {
                sum = MathF.FusedMultiplyAdd(scores[key], values[(key * stride) + i], sum);
            }

            output[i] = sum;
        }
    }
}
