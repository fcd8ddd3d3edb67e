using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Norms;

/// <summary>
/// Sums over one row: float32 within blocks of 512 elements (four running vectors), then double over the blocks, so that the error does not
/// grow with the length.
/// </summary>
internal static unsafe class RowSums
{
    private const int BlockLength = 512;

    /// <summary>Σ of a term of two arrays' elements; the arrays may be the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Sum<TVector, TTerm>(float* a, float* b, long length, TTerm term)
        where TVector : unmanaged, IVector<TVector>
        where TTerm : struct, ITerm
    {
        var total = 0.0;
        for (var start = 0L; start < length; start += BlockLength)
        {
            total += SumBlock<TVector, TTerm>(a + start, b + start, (int)Math.Min(BlockLength, length - start), term);
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double SumBlock<TVector, TTerm>(float* a, float* b, int length, TTerm term)
        where TVector : unmanaged, IVector<TVector>
        where TTerm : struct, ITerm
    {
        TVector sum0 = TVector.Zero, sum1 = TVector.Zero, sum2 = TVector.Zero, sum3 = TVector.Zero;
        var i = 0;
        for (; i <= length - (4 * TVector.Count); i += 4 * TVector.Count)
        {
            sum0 = term.Add(sum0, TVector.Load(a + i), TVector.Load(b + i));
            sum1 = term.Add(sum1, TVector.Load(a + i + TVector.Count), TVector.Load(b + i + TVector.Count));
            sum2 = term.Add(sum2, TVector.Load(a + i + (2 * TVector.Count)), TVector.Load(b + i + (2 * TVector.Count)));
            sum3 = term.Add(sum3, TVector.Load(a + i + (3 * TVector.Count)), TVector.Load(b + i + (3 * TVector.Count)));
        }

        for (; i <= length - TVector.Count; i += TVector.Count)
        {
            sum0 = term.Add(sum0, TVector.Load(a + i), TVector.Load(b + i));
        }

        if (i < length)
        {
            var fill = term.Neutral;
            sum1 = term.Add(sum1, TVector.LoadPartial(a + i, length - i, fill), TVector.LoadPartial(b + i, length - i, fill));
        }

        return TVector.Sum((sum0 + sum1) + (sum2 + sum3));
    }

    /// <summary>What is summed.</summary>
    internal interface ITerm
    {
        /// <summary>An element that adds nothing, for the lanes past the end.</summary>
        float Neutral { get; }

        /// <summary><paramref name="sum"/> plus the term of two elements.</summary>
        T Add<T>(T sum, T a, T b)
            where T : unmanaged, IVector<T>;
    }

    /// <summary>a.</summary>
    internal readonly struct First : ITerm
    {
        public float Neutral => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Add<T>(T sum, T a, T b)
            where T : unmanaged, IVector<T> => sum + a;
    }

    /// <summary>a·b.</summary>
    internal readonly struct Product : ITerm
    {
        public float Neutral => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Add<T>(T sum, T a, T b)
            where T : unmanaged, IVector<T> => T.MultiplyAdd(a, b, sum);
    }

    /// <summary>(a − center)².</summary>
    internal readonly struct SquaredDeviation(float center) : ITerm
    {
        private readonly float _center = center;

        public float Neutral => _center;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Add<T>(T sum, T a, T b)
            where T : unmanaged, IVector<T>
        {
            var deviation = a - T.Create(_center);
            return T.MultiplyAdd(deviation, deviation, sum);
        }
    }
}
