using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>Passes over one row of logits. Sums run in float32 over blocks of 1024 columns, the blocks in double. NaN is carried on, never hidden.</summary>
internal static unsafe class LogitRow
{
    private const long Block = 1024;

    /// <summary>z = scale·z, or cap·tanh(scale·z/cap), in place; returns the largest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Prepare<TVector>(float* z, long count, HeadOptions options)
        where TVector : unmanaged, IVector<TVector>
    {
        if (options.SoftCap > 0)
        {
            Cap<TVector>(z, count, options);
        }
        else if (options.LogitScale != 1)
        {
            Multiply<TVector>(z, count, options.LogitScale);
        }

        var largest = TVector.Create(float.NegativeInfinity);
        var i = 0L;
        for (; i <= count - TVector.Count; i += TVector.Count)
        {
            largest = TVector.Max(largest, TVector.Load(z + i));
        }

        if (i < count)
        {
            largest = TVector.Max(largest, TVector.LoadPartial(z + i, (int)(count - i), float.NegativeInfinity));
        }

        return TVector.MaxLane(largest);
    }

    /// <summary>z = e^(z − largest) in place; returns the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static double Exponentials<TVector>(float* z, long count, float largest)
        where TVector : unmanaged, IVector<TVector>
    {
        var shift = TVector.Create(largest);
        var total = 0.0;
        for (var start = 0L; start < count; start += Block)
        {
            var end = Math.Min(start + Block, count);
            var sum = TVector.Zero;
            var i = start;
            for (; i <= end - TVector.Count; i += TVector.Count)
            {
                var e = VectorMath.Exp(TVector.Load(z + i) - shift);
                TVector.Store(e, z + i);
                sum += e;
            }

            if (i < end)
            {
                var e = VectorMath.Exp(TVector.LoadPartial(z + i, (int)(end - i), float.NegativeInfinity) - shift);
                TVector.StorePartial(e, z + i, (int)(end - i));
                sum += e;
            }

            total += TVector.Sum(sum);
        }

        return total;
    }

    /// <summary>The sum of e^(z − largest), leaving z as it is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static double SumOfExponentials<TVector>(float* z, long count, float largest)
        where TVector : unmanaged, IVector<TVector>
    {
        var shift = TVector.Create(largest);
        var total = 0.0;
        for (var start = 0L; start < count; start += Block)
        {
            var end = Math.Min(start + Block, count);
            var sum = TVector.Zero;
            var i = start;
            for (; i <= end - TVector.Count; i += TVector.Count)
            {
                sum += VectorMath.Exp(TVector.Load(z + i) - shift);
            }

            if (i < end)
            {
                sum += VectorMath.Exp(TVector.LoadPartial(z + i, (int)(end - i), float.NegativeInfinity) - shift);
            }

            total += TVector.Sum(sum);
        }

        return total;
    }

    /// <summary>Σ z.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static double Sum<TVector>(float* z, long count)
        where TVector : unmanaged, IVector<TVector>
    {
        var total = 0.0;
        for (var start = 0L; start < count; start += Block)
        {
            var end = Math.Min(start + Block, count);
            var sum = TVector.Zero;
            var i = start;
            for (; i <= end - TVector.Count; i += TVector.Count)
            {
                sum += TVector.Load(z + i);
            }

            if (i < end)
            {
                sum += TVector.LoadPartial(z + i, (int)(end - i), 0);
            }

            total += TVector.Sum(sum);
        }

        return total;
    }

    /// <summary>z = factor·z.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Multiply<TVector>(float* z, long count, float factor)
        where TVector : unmanaged, IVector<TVector>
    {
        var f = TVector.Create(factor);
        var i = 0L;
        for (; i <= count - TVector.Count; i += TVector.Count)
        {
            TVector.Store(TVector.Load(z + i) * f, z + i);
        }

        for (; i < count; i++)
        {
            z[i] *= factor;
        }
    }

    /// <summary>g = g·scale·(1 − (z/cap)²): the derivative of cap·tanh(scale·x/cap) at the capped value z.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void UncapGradient<TVector>(float* gradient, float* z, long count, HeadOptions options)
        where TVector : unmanaged, IVector<TVector>
    {
        var one = TVector.Create(1);
        var inverse = TVector.Create(1 / options.SoftCap);
        var scale = TVector.Create(options.LogitScale);
        var i = 0L;
        for (; i <= count - TVector.Count; i += TVector.Count)
        {
            var tanh = TVector.Load(z + i) * inverse;
            TVector.Store(TVector.Load(gradient + i) * scale * (one - (tanh * tanh)), gradient + i);
        }

        for (; i < count; i++)
        {
            var tanh = z[i] / options.SoftCap;
            gradient[i] *= options.LogitScale * (1 - (tanh * tanh));
        }
    }

    private static void Cap<TVector>(float* z, long count, HeadOptions options)
        where TVector : unmanaged, IVector<TVector>
    {
        var inner = TVector.Create(options.LogitScale / options.SoftCap);
        var outer = TVector.Create(options.SoftCap);
        var i = 0L;
        for (; i <= count - TVector.Count; i += TVector.Count)
        {
            TVector.Store(VectorMath.Tanh(TVector.Load(z + i) * inner) * outer, z + i);
        }

        if (i < count)
        {
            TVector.StorePartial(VectorMath.Tanh(TVector.LoadPartial(z + i, (int)(count - i), 0) * inner) * outer, z + i, (int)(count - i));
        }
    }
}
