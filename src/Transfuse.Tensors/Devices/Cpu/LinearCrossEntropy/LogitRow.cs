using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>Vector loops over one row of logits. Kept free of scalar mathematics, which would spill the vectors.</summary>
internal static unsafe class LogitRow
{
    /// <summary>Logits whose maximum and sum are formed together, while they are in the first-level cache.</summary>
    private const int Block = 512;

    /// <summary>z = s·x, or cap·tanh(s·x/cap) with a cap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Transform<T>(float* row, int count, HeadOptions options)
        where T : unmanaged, IVector<T>
    {
        if (options.SoftCap > 0)
        {
            Cap<T>(row, count, options.LogitScale / options.SoftCap, options.SoftCap);
        }
        else if (options.LogitScale != 1)
        {
            Scale<T>(row, count, options.LogitScale);
        }
    }

    /// <summary>The derivative of <see cref="Transform"/> where it gave <paramref name="logit"/>: s·(1 − (z/cap)²), or s without a cap.</summary>
    internal static double Slope(double logit, HeadOptions options) =>
        options.SoftCap > 0 ? options.LogitScale * (1 - (logit / options.SoftCap * (logit / options.SoftCap))) : options.LogitScale;

    /// <summary>
    /// log Σ exp z and the largest z. Sums run in float32 over blocks and in double across them; not a number if a logit is.
    /// </summary>
    /// <param name="row">Logits after <see cref="Transform"/>.</param>
    /// <param name="count">Number of logits.</param>
    /// <param name="maximum">Receives the largest logit, −∞ if there is none above.</param>
    internal static double LogSumExp<T>(float* row, int count, out float maximum)
        where T : unmanaged, IVector<T>
    {
        maximum = float.NegativeInfinity;
        var sum = 0.0;
        for (var start = 0; start < count; start += Block)
        {
            var length = Math.Min(Block, count - start);
            var blockMaximum = Maximum<T>(row + start, length);
            if (float.IsNegativeInfinity(blockMaximum))
            {
                continue;
            }

            // Also true where either is not a number, which then stays.
            if (!(blockMaximum <= maximum))
            {
                sum *= Math.Exp((double)maximum - blockMaximum);
                maximum = blockMaximum;
            }

            sum += SumExp<T>(row + start, length, maximum);
        }

        return sum == 0 ? double.NegativeInfinity : maximum + Math.Log(sum);
    }

    /// <summary>z → factor·exp(z − maximum)·slope(z) in place.</summary>
    internal static void ToGradient<T>(float* row, int count, float maximum, float factor, HeadOptions options)
        where T : unmanaged, IVector<T>
    {
        if (options.SoftCap > 0)
        {
            ScaledExpWithCap<T>(row, count, maximum, factor * options.LogitScale, 1 / options.SoftCap);
        }
        else
        {
            ScaledExp<T>(row, count, maximum, factor * options.LogitScale);
        }
    }

    /// <summary>The largest of some logits; −∞ of none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Maximum<T>(float* row, int count)
        where T : unmanaged, IVector<T>
    {
        var m0 = T.Create(float.NegativeInfinity);
        var (m1, m2, m3) = (m0, m0, m0);
        var i = 0;
        for (; i <= count - (4 * T.Count); i += 4 * T.Count)
        {
            m0 = T.Max(m0, T.Load(row + i));
            m1 = T.Max(m1, T.Load(row + i + T.Count));
            m2 = T.Max(m2, T.Load(row + i + (2 * T.Count)));
            m3 = T.Max(m3, T.Load(row + i + (3 * T.Count)));
        }

        for (; i <= count - T.Count; i += T.Count)
        {
            m0 = T.Max(m0, T.Load(row + i));
        }

        if (i < count)
        {
            m1 = T.Max(m1, T.LoadPartial(row + i, count - i, float.NegativeInfinity));
        }

        return T.MaxLane(T.Max(T.Max(m0, m1), T.Max(m2, m3)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float SumExp<T>(float* row, int count, float maximum)
        where T : unmanaged, IVector<T>
    {
        var shift = T.Create(maximum);
        T s0 = T.Zero, s1 = s0;
        var i = 0;
        for (; i <= count - (2 * T.Count); i += 2 * T.Count)
        {
            s0 += VectorMath.Exp(T.Load(row + i) - shift);
            s1 += VectorMath.Exp(T.Load(row + i + T.Count) - shift);
        }

        for (; i < count; i += T.Count)
        {
            var z = count - i >= T.Count ? T.Load(row + i) : T.LoadPartial(row + i, count - i, float.NegativeInfinity);
            s0 += VectorMath.Exp(z - shift);
        }

        return T.Sum(s0 + s1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScaledExp<T>(float* row, int count, float maximum, float factor)
        where T : unmanaged, IVector<T>
    {
        var shift = T.Create(maximum);
        var scale = T.Create(factor);
        var i = 0;
        for (; i <= count - T.Count; i += T.Count)
        {
            T.Store(VectorMath.Exp(T.Load(row + i) - shift) * scale, row + i);
        }

        if (i < count)
        {
            T.StorePartial(VectorMath.Exp(T.LoadPartial(row + i, count - i, 0) - shift) * scale, row + i, count - i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScaledExpWithCap<T>(float* row, int count, float maximum, float factor, float inverseCap)
        where T : unmanaged, IVector<T>
    {
        for (var i = 0; i < count; i += T.Count)
        {
            var whole = count - i >= T.Count;
            var z = whole ? T.Load(row + i) : T.LoadPartial(row + i, count - i, 0);
            var t = z * T.Create(inverseCap);
            var slope = T.Create(1) - (t * t);
            z = VectorMath.Exp(z - T.Create(maximum)) * slope * T.Create(factor);
            if (whole)
            {
                T.Store(z, row + i);
            }
            else
            {
                T.StorePartial(z, row + i, count - i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Cap<T>(float* row, int count, float inner, float cap)
        where T : unmanaged, IVector<T>
    {
        for (var i = 0; i < count; i += T.Count)
        {
            var whole = count - i >= T.Count;
            var x = whole ? T.Load(row + i) : T.LoadPartial(row + i, count - i, 0);
            x = VectorMath.Tanh(x * T.Create(inner)) * T.Create(cap);
            if (whole)
            {
                T.Store(x, row + i);
            }
            else
            {
                T.StorePartial(x, row + i, count - i);
            }
        }
    }

    private static void Scale<T>(float* row, int count, float factor)
        where T : unmanaged, IVector<T>
    {
        var i = 0;
        for (; i <= count - T.Count; i += T.Count)
        {
            T.Store(T.Load(row + i) * T.Create(factor), row + i);
        }

        for (; i < count; i++)
        {
            row[i] *= factor;
        }
    }
}
