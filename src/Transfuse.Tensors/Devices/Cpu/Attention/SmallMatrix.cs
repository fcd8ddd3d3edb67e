using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>
/// Products of matrices that fit the nearest caches: C [m, n] (+)= A [m, k]·B [k, n]. A is broadcast element by element from any
/// strides, so that a transposed A costs nothing; the rows of B and C are contiguous and n is a multiple of the vector width.
/// </summary>
/// <remarks>
/// A block of C stays in registers over all of k: 6 × 4 vectors where there are 32 registers, 6 × 2 otherwise. Each element is one
/// chain of fused multiply-adds in the order of k, whatever block it falls into, and is then written or added to C.
/// </remarks>
internal static unsafe class SmallMatrix
{
    /// <summary>C = A·B, or C += A·B with <paramref name="accumulate"/>.</summary>
    /// <param name="m">Rows of A and C.</param>
    /// <param name="n">Columns of B and C, a multiple of the vector width.</param>
    /// <param name="k">Columns of A, rows of B.</param>
    /// <param name="a">Element (i, l) lies at <c>a[i·aRow + l·aStep]</c>.</param>
    /// <param name="aRow">Elements from one row of A to the next.</param>
    /// <param name="aStep">Elements from one column of A to the next.</param>
    /// <param name="b">Row l starts at <c>b[l·bRow]</c>.</param>
    /// <param name="bRow">Elements from one row of B to the next.</param>
    /// <param name="c">Row i starts at <c>c[i·cRow]</c>.</param>
    /// <param name="cRow">Elements from one row of C to the next.</param>
    /// <param name="accumulate">Whether C holds values to add to.</param>
    internal static void Multiply<T>(
        int m, int n, int k, float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, bool accumulate)
        where T : unmanaged, IVector<T>
    {
        var column = 0;
        if (T.Count == 16)
        {
            for (; column + (4 * T.Count) <= n; column += 4 * T.Count)
            {
                Columns4<T>(m, k, a, aRow, aStep, b + column, bRow, c + column, cRow, accumulate);
            }
        }

        for (; column + (2 * T.Count) <= n; column += 2 * T.Count)
        {
            Columns2<T>(m, k, a, aRow, aStep, b + column, bRow, c + column, cRow, accumulate);
        }

        for (; column < n; column += T.Count)
        {
            Columns1<T>(m, k, a, aRow, aStep, b + column, bRow, c + column, cRow, accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns4<T>(int m, int k, float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, bool accumulate)
        where T : unmanaged, IVector<T>
    {
        var row = 0;
        for (; row + 6 <= m; row += 6)
        {
            Block6x4<T>(k, a + (row * aRow), aRow, aStep, b, bRow, c + (row * cRow), cRow, accumulate);
        }

        for (; row + 2 <= m; row += 2)
        {
            Block2x4<T>(k, a + (row * aRow), aRow, aStep, b, bRow, c + (row * cRow), cRow, accumulate);
        }

        if (row < m)
        {
            Block1x4<T>(k, a + (row * aRow), aStep, b, bRow, c + (row * cRow), accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns2<T>(int m, int k, float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, bool accumulate)
        where T : unmanaged, IVector<T>
    {
        var row = 0;
        for (; row + 6 <= m; row += 6)
        {
            Block6x2<T>(k, a + (row * aRow), aRow, aStep, b, bRow, c + (row * cRow), cRow, accumulate);
        }

        for (; row < m; row++)
        {
            Block1x2<T>(k, a + (row * aRow), aStep, b, bRow, c + (row * cRow), accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns1<T>(int m, int k, float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, bool accumulate)
        where T : unmanaged, IVector<T>
    {
        var row = 0;
        for (; row + 6 <= m; row += 6)
        {
            Block6x1<T>(k, a + (row * aRow), aRow, aStep, b, bRow, c + (row * cRow), cRow, accumulate);
        }

        for (; row < m; row++)
        {
            Block1x1<T>(k, a + (row * aRow), aStep, b, bRow, c + (row * cRow), accumulate);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block6x4<T>(int k, float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, bool accumulate)
        where T : unmanaged, IVector<T>
    {
        var (c00, c01, c02, c03) = (T.Zero, T.Zero, T.Zero, T.Zero);
        var (c10, c11, c12, c13) = (T.Zero, T.Zero, T.Zero, T.Zero);
        var (c20, c21, c22, c23) = (T.Zero, T.Zero, T.Zero, T.Zero);
        var (c30, c31, c32, c33) = (T.Zero, T.Zero, T.Zero, T.Zero);
        var (c40, c41, c42, c43) = (T.Zero, T.Zero, T.Zero, T.Zero);
        var (c50, c51, c52, c53) = (T.Zero, T.Zero, T.Zero, T.Zero);
        nint row2 = 2 * aRow, row3 = 3 * aRow, row4 = 4 * aRow, row5 = 5 * aRow;
        for (var l = 0; l < k; l++)
        {
            var b0 = T.Load(b);
            var b1 = T.Load(b + T.Count);
            var b2 = T.Load(b + (2 * T.Count));
            var b3 = T.Load(b + (3 * T.Count));
            var a0 = T.Create(*a);
            c00 = T.MultiplyAdd(a0, b0, c00);
            c01 = T.MultiplyAdd(a0, b1, c01);
            c02 = T.MultiplyAdd(a0, b2, c02);
            c03 = T.MultiplyAdd(a0, b3, c03);
            var a1 = T.Create(a[aRow]);
            c10 = T.MultiplyAdd(a1, b0, c10);
            c11 = T.MultiplyAdd(a1, b1, c11);
            c12 = T.MultiplyAdd(a1, b2, c12);
            c13 = T.MultiplyAdd(a1, b3, c13);
            var a2 = T.Create(a[row2]);
            c20 = T.MultiplyAdd(a2, b0, c20);
            c21 = T.MultiplyAdd(a2, b1, c21);
            c22 = T.MultiplyAdd(a2, b2, c22);
            c23 = T.MultiplyAdd(a2, b3, c23);
            var a3 = T.Create(a[row3]);
            c30 = T.MultiplyAdd(a3, b0, c30);
            c31 = T.MultiplyAdd(a3, b1, c31);
            c32 = T.MultiplyAdd(a3, b2, c32);
            c33 = T.MultiplyAdd(a3, b3, c33);
            var a4 = T.Create(a[row4]);
            c40 = T.MultiplyAdd(a4, b0, c40);
            c41 = T.MultiplyAdd(a4, b1, c41);
            c42 = T.MultiplyAdd(a4, b2, c42);
            c43 = T.MultiplyAdd(a4, b3, c43);
            var a5 = T.Create(a[row5]);
            c50 = T.MultiplyAdd(a5, b0, c50);
            c51 = T.MultiplyAdd(a5, b1, c51);
            c52 = T.MultiplyAdd(a5, b2, c52);
            c53 = T.MultiplyAdd(a5, b3, c53);
            a += aStep;
            b += bRow;
        }

        Finish(c, accumulate, c00, c01, c02, c03);
        Finish(c + cRow, accumulate, c10, c11, c12, c13);
        Finish(c + (2 * cRow), accumulate, c20, c21, c22, c23);
        Finish(c + (3 * cRow), accumulate, c30, c31, c32, c33);
        Finish(c + (4 * cRow), accumulate, c40, c41, c42, c43);
        Finish(c + (5 * cRow), accumulate, c50, c51, c52, c53);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block2x4<T>(int k, float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, bool accumulate)
        where T : unmanaged, IVector<T>
    {
        var (c00, c01, c02, c03) = (T.Zero, T.Zero, T.Zero, T.Zero);
        var (c10, c11, c12, c13) = (T.Zero, T.Zero, T.Zero, T.Zero);
        for (var l = 0; l < k; l++)
        {
            var b0 = T.Load(b);
            var b1 = T.Load(b + T.Count);
            var b2 = T.Load(b + (2 * T.Count));
            var b3 = T.Load(b + (3 * T.Count));
            var a0 = T.Create(*a);
            c00 = T.MultiplyAdd(a0, b0, c00);
            c01 = T.MultiplyAdd(a0, b1, c01);
            c02 = T.MultiplyAdd(a0, b2, c02);
            c03 = T.MultiplyAdd(a0, b3, c03);
            var a1 = T.Create(a[aRow]);
            c10 = T.MultiplyAdd(a1, b0, c10);
            c11 = T.MultiplyAdd(a1, b1, c11);
            c12 = T.MultiplyAdd(a1, b2, c12);
            c13 = T.MultiplyAdd(a1, b3, c13);
            a += aStep;
            b += bRow;
        }

        Finish(c, accumulate, c00, c01, c02, c03);
        Finish(c + cRow, accumulate, c10, c11, c12, c13);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block1x4<T>(int k, float* a, nint aStep, float* b, nint bRow, float* c, bool accumulate)
        where T : unmanaged, IVector<T>
    {
        var (c00, c01, c02, c03) = (T.Zero, T.Zero, T.Zero, T.Zero);
        for (var l = 0; l < k; l++)
        {
            var b0 = T.Load(b);
            var b1 = T.Load(b + T.Count);
            var b2 = T.Load(b + (2 * T.Count));
            var b3 = T.Load(b + (3 * T.Count));
            var a0 = T.Create(*a);
            c00 = T.MultiplyAdd(a0, b0, c00);
            c01 = T.MultiplyAdd(a0, b1, c01);
            c02 = T.MultiplyAdd(a0, b2, c02);
            c03 = T.MultiplyAdd(a0, b3, c03);
            a += aStep;
            b += bRow;
        }

        Finish(c, accumulate, c00, c01, c02, c03);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block6x2<T>(int k, float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, bool accumulate)
        where T : unmanaged, IVector<T>
    {
        var (c00, c01) = (T.Zero, T.Zero);
        var (c10, c11) = (T.Zero, T.Zero);
        var (c20, c21) = (T.Zero, T.Zero);
        var (c30, c31) = (T.Zero, T.Zero);
        var (c40, c41) = (T.Zero, T.Zero);
        var (c50, c51) = (T.Zero, T.Zero);
        nint row2 = 2 * aRow, row3 = 3 * aRow, row4 = 4 * aRow, row5 = 5 * aRow;
        for (var l = 0; l < k; l++)
        {
            var b0 = T.Load(b);
            var b1 = T.Load(b + T.Count);
            var a0 = T.Create(*a);
            c00 = T.MultiplyAdd(a0, b0, c00);
            c01 = T.MultiplyAdd(a0, b1, c01);
            var a1 = T.Create(a[aRow]);
            c10 = T.MultiplyAdd(a1, b0, c10);
            c11 = T.MultiplyAdd(a1, b1, c11);
            var a2 = T.Create(a[row2]);
            c20 = T.MultiplyAdd(a2, b0, c20);
            c21 = T.MultiplyAdd(a2, b1, c21);
            var a3 = T.Create(a[row3]);
            c30 = T.MultiplyAdd(a3, b0, c30);
            c31 = T.MultiplyAdd(a3, b1, c31);
            var a4 = T.Create(a[row4]);
            c40 = T.MultiplyAdd(a4, b0, c40);
            c41 = T.MultiplyAdd(a4, b1, c41);
            var a5 = T.Create(a[row5]);
            c50 = T.MultiplyAdd(a5, b0, c50);
            c51 = T.MultiplyAdd(a5, b1, c51);
            a += aStep;
            b += bRow;
        }

        Finish(c, accumulate, c00, c01);
        Finish(c + cRow, accumulate, c10, c11);
        Finish(c + (2 * cRow), accumulate, c20, c21);
        Finish(c + (3 * cRow), accumulate, c30, c31);
        Finish(c + (4 * cRow), accumulate, c40, c41);
        Finish(c + (5 * cRow), accumulate, c50, c51);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block1x2<T>(int k, float* a, nint aStep, float* b, nint bRow, float* c, bool accumulate)
        where T : unmanaged, IVector<T>
    {
        var (c00, c01) = (T.Zero, T.Zero);
        for (var l = 0; l < k; l++)
        {
            var b0 = T.Load(b);
            var b1 = T.Load(b + T.Count);
            var a0 = T.Create(*a);
            c00 = T.MultiplyAdd(a0, b0, c00);
            c01 = T.MultiplyAdd(a0, b1, c01);
            a += aStep;
            b += bRow;
        }

        Finish(c, accumulate, c00, c01);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block6x1<T>(int k, float* a, nint aRow, nint aStep, float* b, nint bRow, float* c, nint cRow, bool accumulate)
        where T : unmanaged, IVector<T>
    {
        var c00 = T.Zero;
        var c10 = T.Zero;
        var c20 = T.Zero;
        var c30 = T.Zero;
        var c40 = T.Zero;
        var c50 = T.Zero;
        nint row2 = 2 * aRow, row3 = 3 * aRow, row4 = 4 * aRow, row5 = 5 * aRow;
        for (var l = 0; l < k; l++)
        {
            var b0 = T.Load(b);
            var a0 = T.Create(*a);
            c00 = T.MultiplyAdd(a0, b0, c00);
            var a1 = T.Create(a[aRow]);
            c10 = T.MultiplyAdd(a1, b0, c10);
            var a2 = T.Create(a[row2]);
            c20 = T.MultiplyAdd(a2, b0, c20);
            var a3 = T.Create(a[row3]);
            c30 = T.MultiplyAdd(a3, b0, c30);
            var a4 = T.Create(a[row4]);
            c40 = T.MultiplyAdd(a4, b0, c40);
            var a5 = T.Create(a[row5]);
            c50 = T.MultiplyAdd(a5, b0, c50);
            a += aStep;
            b += bRow;
        }

        Finish(c, accumulate, c00);
        Finish(c + cRow, accumulate, c10);
        Finish(c + (2 * cRow), accumulate, c20);
        Finish(c + (3 * cRow), accumulate, c30);
        Finish(c + (4 * cRow), accumulate, c40);
        Finish(c + (5 * cRow), accumulate, c50);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block1x1<T>(int k, float* a, nint aStep, float* b, nint bRow, float* c, bool accumulate)
        where T : unmanaged, IVector<T>
    {
        var c00 = T.Zero;
        for (var l = 0; l < k; l++)
        {
            var b0 = T.Load(b);
            var a0 = T.Create(*a);
            c00 = T.MultiplyAdd(a0, b0, c00);
            a += aStep;
            b += bRow;
        }

        Finish(c, accumulate, c00);
    }

    // Writes one row of a block, or adds it to what is there.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<T>(float* row, bool accumulate, T sum)
        where T : unmanaged, IVector<T> => T.Store(accumulate ? T.Load(row) + sum : sum, row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<T>(float* row, bool accumulate, T sum0, T sum1)
        where T : unmanaged, IVector<T>
    {
        Finish(row, accumulate, sum0);
        Finish(row + T.Count, accumulate, sum1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<T>(float* row, bool accumulate, T sum0, T sum1, T sum2, T sum3)
        where T : unmanaged, IVector<T>
    {
        Finish(row, accumulate, sum0, sum1);
        Finish(row + (2 * T.Count), accumulate, sum2, sum3);
    }
}
