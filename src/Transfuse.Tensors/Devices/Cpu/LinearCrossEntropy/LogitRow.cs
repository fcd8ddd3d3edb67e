using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>Vector loops over one row of logits. Kept free of scalar mathematics, which would spill the vectors.</summary>
internal static unsafe class LogitRow
{
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
            Scale<T, Operand>(new Operand(row, 0), 0, 0, count, options.LogitScale);
        }
    }

    /// <summary>The derivative of <see cref="Transform"/> where it gave <paramref name="logit"/>: s·(1 − (z/cap)²), or s without a cap.</summary>
    internal static double Slope(double logit, HeadOptions options) =>
        options.SoftCap > 0 ? options.LogitScale * (1 - (logit / options.SoftCap * (logit / options.SoftCap))) : options.LogitScale;

    /// <summary>What exponentials are relative to: the largest logit, or 0 where all are −∞, whose exponentials are then 0.</summary>
    internal static float Shift(float maximum) => float.IsNegativeInfinity(maximum) ? 0 : maximum;

    /// <summary>The largest of some logits; −∞ of none. Whether one of them is not a number it does not tell; their sum does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Maximum<T>(float* row, int count)
        where T : unmanaged, IVector<T>
    {
        var m0 = T.Create(float.NegativeInfinity);
        var (m1, m2, m3) = (m0, m0, m0);
        var i = 0;
        for (; i <= count - (4 * T.Count); i += 4 * T.Count)
        {
            m0 = T.MaxNative(m0, T.Load(row + i));
            m1 = T.MaxNative(m1, T.Load(row + i + T.Count));
            m2 = T.MaxNative(m2, T.Load(row + i + (2 * T.Count)));
            m3 = T.MaxNative(m3, T.Load(row + i + (3 * T.Count)));
        }

        for (; i <= count - T.Count; i += T.Count)
        {
            m0 = T.MaxNative(m0, T.Load(row + i));
        }

        if (i < count)
        {
            m1 = T.MaxNative(m1, T.LoadPartial(row + i, count - i, float.NegativeInfinity));
        }

        return T.MaxLane(T.MaxNative(T.MaxNative(m0, m1), T.MaxNative(m2, m3)));
    }

    /// <summary>Σ exp(z − maximum).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float SumExp<T>(float* row, int count, float maximum)
        where T : unmanaged, IVector<T>
    {
        var shift = T.Create(maximum);
        T s0 = T.Zero, s1 = s0, s2 = s0, s3 = s0;
        var i = 0;
        for (; i <= count - (4 * T.Count); i += 4 * T.Count)
        {
            s0 += VectorMath.SoftmaxExp(T.Load(row + i) - shift);
            s1 += VectorMath.SoftmaxExp(T.Load(row + i + T.Count) - shift);
            s2 += VectorMath.SoftmaxExp(T.Load(row + i + (2 * T.Count)) - shift);
            s3 += VectorMath.SoftmaxExp(T.Load(row + i + (3 * T.Count)) - shift);
        }

        return T.Sum((s0 + s1) + (s2 + s3)) + SumRest<T>(row + i, count - i, maximum);
    }

    // A method of its own: a call in the loop's would spill its vectors.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float SumRest<T>(float* row, int count, float maximum)
        where T : unmanaged, IVector<T>
    {
        var sum = T.Zero;
        for (var i = 0; i < count; i += T.Count)
        {
            var z = count - i >= T.Count ? T.Load(row + i) : T.LoadPartial(row + i, count - i, float.NegativeInfinity);
            sum += VectorMath.SoftmaxExp(z - T.Create(maximum));
        }

        return T.Sum(sum);
    }

    /// <summary>Σ exp(z − maximum), in the order of <see cref="SumExp"/>; each exponential is stored, multiplied by its slope.</summary>
    /// <param name="logits">Logits after <see cref="Transform"/>.</param>
    /// <param name="count">Number of logits.</param>
    /// <param name="maximum">At least the largest, finite.</param>
    /// <param name="slope">Derivative of the cap.</param>
    /// <param name="destination">Receives the exponentials.</param>
    /// <param name="row">Row that they are stored in.</param>
    /// <param name="column">Column of the first.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float StoreExp<T, TOperand, TSlope>(
        float* logits, int count, float maximum, TSlope slope, TOperand destination, long row, long column)
        where T : unmanaged, IVector<T>
        where TOperand : struct, IOperand
        where TSlope : struct, ILogitSlope
    {
        var shift = T.Create(maximum);
        T s0 = T.Zero, s1 = s0, s2 = s0, s3 = s0;
        var i = 0;
        for (; i <= count - (4 * T.Count); i += 4 * T.Count)
        {
            s0 += StoreExp(T.Load(logits + i), shift, slope, destination, row, column + i);
            s1 += StoreExp(T.Load(logits + i + T.Count), shift, slope, destination, row, column + i + T.Count);
            s2 += StoreExp(T.Load(logits + i + (2 * T.Count)), shift, slope, destination, row, column + i + (2 * T.Count));
            s3 += StoreExp(T.Load(logits + i + (3 * T.Count)), shift, slope, destination, row, column + i + (3 * T.Count));
        }

        return T.Sum((s0 + s1) + (s2 + s3)) + StoreRest<T, TOperand, TSlope>(logits + i, count - i, maximum, slope, destination, row, column + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T StoreExp<T, TOperand, TSlope>(T z, T shift, TSlope slope, TOperand destination, long row, long column)
        where T : unmanaged, IVector<T>
        where TOperand : struct, IOperand
        where TSlope : struct, ILogitSlope
    {
        var e = VectorMath.SoftmaxExp(z - shift);
        destination.Store(slope.Multiply(e, z), default(AllLanes), row, column);
        return e;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float StoreRest<T, TOperand, TSlope>(
        float* logits, int count, float maximum, TSlope slope, TOperand destination, long row, long column)
        where T : unmanaged, IVector<T>
        where TOperand : struct, IOperand
        where TSlope : struct, ILogitSlope
    {
        T sum = T.Zero, shift = T.Create(maximum);
        var i = 0;
        for (; i <= count - T.Count; i += T.Count)
        {
            sum += StoreExp(T.Load(logits + i), shift, slope, destination, row, column + i);
        }

        if (i < count)
        {
            var z = T.LoadPartial(logits + i, count - i, float.NegativeInfinity);
            var e = VectorMath.SoftmaxExp(z - shift);
            destination.Store(slope.Multiply(e, z), new FirstLanes(count - i), row, column + i);
            sum += e;
        }

        return T.Sum(sum);
    }

    /// <summary>Multiplies elements of a row in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Scale<T, TOperand>(TOperand matrix, long row, long column, int count, float factor)
        where T : unmanaged, IVector<T>
        where TOperand : struct, IOperand
    {
        var scale = T.Create(factor);
        var i = 0;
        for (; i <= count - T.Count; i += T.Count)
        {
            matrix.Store(matrix.Load<T, AllLanes>(default, row, column + i) * scale, default(AllLanes), row, column + i);
        }

        if (i < count)
        {
            var lanes = new FirstLanes(count - i);
            matrix.Store(matrix.Load<T, FirstLanes>(lanes, row, column + i) * scale, lanes, row, column + i);
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
}
