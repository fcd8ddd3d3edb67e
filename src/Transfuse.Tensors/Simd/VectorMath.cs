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
}
