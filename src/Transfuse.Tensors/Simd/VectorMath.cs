using System.Runtime.CompilerServices;

namespace Transfuse.Tensors.Simd;

/// <summary>Elementary functions on vectors, the same polynomials in every tier.</summary>
internal static class VectorMath
{
    private const float Log2E = 1.44269504f;

    // ln 2 in two parts, so that x − n·ln 2 keeps full precision.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    /// <summary>eˣ for x ≤ 88; 0 below −87.3. Relative error below 2e-7. Keep scalar maths calls out of methods that inline this: they spill every register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Exp<T>(T x)
        where T : unmanaged, IVector<T>
    {
        // Comparisons let a NaN through as Min and Max do, in a third of the instructions.
        var clamped = T.SelectLess(x, T.Create(-87.33654f), T.Create(-87.33654f), x);
        clamped = T.SelectLess(T.Create(88.37626f), clamped, T.Create(88.37626f), clamped);
        var n = T.Round(clamped * T.Create(Log2E));
        var r = T.MultiplyAdd(n, T.Create(-Ln2High), clamped);
        r = T.MultiplyAdd(n, T.Create(-Ln2Low), r);

        // eʳ on |r| ≤ ln2/2: minimax polynomial of degree 6 (Cephes expf coefficients).
        var p = T.Create(1.9875691500e-4f);
        p = T.MultiplyAdd(p, r, T.Create(1.3981999507e-3f));
        p = T.MultiplyAdd(p, r, T.Create(8.3334519073e-3f));
        p = T.MultiplyAdd(p, r, T.Create(4.1665795894e-2f));
        p = T.MultiplyAdd(p, r, T.Create(1.6666665459e-1f));
        p = T.MultiplyAdd(p, r, T.Create(5.0000001201e-1f));
        p = T.MultiplyAdd(p, r * r, r + T.Create(1));
        return T.SelectLess(x, T.Create(-87.33654f), T.Zero, T.ScaleByPowerOfTwo(p, n));
    }

    /// <summary>
    /// eˣ for the terms of a softmax, x ≤ 0 but for rounding: half the instructions of <see cref="Exp"/>. Relative error below 3e-7 + 1e-7·|x|, so that the absolute
    /// error is below 3e-7; 0 below −87.3.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T SoftmaxExp<T>(T x)
        where T : unmanaged, IVector<T>
    {
        // 2ⁿ·2ᶠ: the product with log₂ e is rounded once, which costs |x| half units of the last place.
        var t = T.SelectLess(x, T.Create(-87.33654f), T.Create(-87.33654f), x) * T.Create(Log2E);
        var n = T.Round(t);
        var f = t - n;

        // 2ᶠ on |f| ≤ ½: polynomial of degree 5 with 1 at 0, least relative error.
        var p = T.Create(1.32647273e-3f);
        p = T.MultiplyAdd(p, f, T.Create(9.67151299e-3f));
        p = T.MultiplyAdd(p, f, T.Create(5.55073358e-2f));
        p = T.MultiplyAdd(p, f, T.Create(2.40222424e-1f));
        p = T.MultiplyAdd(p, f, T.Create(6.93147004e-1f));
        p = T.MultiplyAdd(p, f, T.Create(1));
        return T.SelectLess(x, T.Create(-87.33654f), T.Zero, T.ScaleByPowerOfTwo(p, n));
    }

    /// <summary>σ(x) = 1/(1 + e⁻ˣ), from e^−|x| so that both tails keep their relative precision. Relative error below 3e-7; 0 below −87.3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Sigmoid<T>(T x)
        where T : unmanaged, IVector<T>
    {
        var e = Exp(T.Zero - T.Abs(x));
        return T.SelectLess(x, T.Zero, e, T.Create(1)) / (T.Create(1) + e);
    }

    /// <summary>tanh x. Relative error below 2e-7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Tanh<T>(T x)
        where T : unmanaged, IVector<T>
    {
        // |x| < 0.625: x + x³·P(x²), P interpolating (tanh x / x − 1)/x² at the Chebyshev nodes of x² in [0, 0.39].
        var square = x * x;
        var p = T.Create(-6.09671416e-3f);
        p = T.MultiplyAdd(p, square, T.Create(2.0997179e-2f));
        p = T.MultiplyAdd(p, square, T.Create(-5.38509096e-2f));
        p = T.MultiplyAdd(p, square, T.Create(1.33327697e-1f));
        p = T.MultiplyAdd(p, square, T.Create(-3.33333289e-1f));
        var near = T.MultiplyAdd(p * square, x, x);

        // Beyond: 1 − 2/(e^2|x| + 1), with the sign of x; e^20 is past the last bit.
        var magnitude = T.Abs(x);
        var e = Exp(T.Min(magnitude + magnitude, T.Create(20)));
        var far = T.Create(1) - (T.Create(2) / (e + T.Create(1)));
        return T.SelectLess(magnitude, T.Create(0.625f), near, T.SelectLess(x, T.Zero, T.Zero - far, far));
    }

    /// <summary>
    /// The standard normal distribution: Φ(x), relative error below 4e-7 in the lower tail too (which ½(1 + erf) loses), and the density
    /// φ(x) = e^(−x²/2)/√2π for derivatives, relative error below 3e-7. Both are 0 below −13.2.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T NormalCdf<T>(T x, out T density)
        where T : unmanaged, IVector<T>
    {
        // e^(−x²/2) with the rounding error of x² put back.
        var square = x * x;
        var rest = T.MultiplyAdd(x, x, T.Zero - square);
        var bell = Exp(T.Create(-0.5f) * square);
        bell = T.SelectLess(square, T.Create(180), T.MultiplyAdd(bell, T.Create(-0.5f) * rest, bell), T.Zero);
        density = T.Create(0.398942280f) * bell;

        // Φ(−a)·e^(a²/2) = P(u)/(a + 2.5), u = (a − 2.5)/(a + 2.5), P interpolating at the Chebyshev nodes for a in [0, 13.35].
        var a = T.Abs(x);
        var inverse = T.Create(1) / (a + T.Create(2.5f));
        var u = (a - T.Create(2.5f)) * inverse;
        var p = T.Create(-1.55569616e-4f);
        p = T.MultiplyAdd(p, u, T.Create(-3.09198185e-4f));
        p = T.MultiplyAdd(p, u, T.Create(6.82422896e-4f));
        p = T.MultiplyAdd(p, u, T.Create(2.52171948e-3f));
        p = T.MultiplyAdd(p, u, T.Create(-1.59998969e-3f));
        p = T.MultiplyAdd(p, u, T.Create(-1.63855312e-2f));
        p = T.MultiplyAdd(p, u, T.Create(9.23568526e-3f));
        p = T.MultiplyAdd(p, u, T.Create(1.31986916e-1f));
        p = T.MultiplyAdd(p, u, T.Create(-4.33691998e-1f));
        p = T.MultiplyAdd(p, u, T.Create(7.06656661e-1f));
        var tail = bell * p * inverse;
        return T.SelectLess(x, T.Zero, tail, T.Create(1) - tail);
    }
}
