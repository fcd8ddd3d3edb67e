using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>Copies of tiles in the order in which <see cref="SmallMatrix"/> reads them.</summary>
internal static unsafe class AttentionPacking
{
    /// <summary>
    /// destination[i, 0..width] = factor·source[i, 0..columns], zeros beyond; <paramref name="width"/> is <paramref name="columns"/>
    /// rounded up to the vector width.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Rows<T>(float* source, nint sourceRow, int rows, int columns, float factor, float* destination, int width)
        where T : unmanaged, IVector<T>
    {
        var scale = T.Create(factor);
        for (var row = 0; row < rows; row++)
        {
            var column = 0;
            for (; column + T.Count <= columns; column += T.Count)
            {
                T.Store(scale * T.Load(source + column), destination + column);
            }

            for (; column < width; column++)
            {
                destination[column] = column < columns ? factor * source[column] : 0;
            }

            source += sourceRow;
            destination += width;
        }
    }

    /// <summary>
    /// destination[j, i] = source[i, j] for <paramref name="rows"/> rows; columns of the destination up to
    /// <paramref name="width"/> are zero. A move of data only, so every tier may use the same shuffles.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Transposed(
        float* source, nint sourceRow, int rows, int columns, float* destination, nint destinationRow, int width)
    {
        var row = 0;
        for (; CanInterleave && row + 4 <= rows; row += 4)
        {
            var column = 0;
            for (; column + 4 <= columns; column += 4)
            {
                Transpose4x4(source + column, sourceRow, destination + (column * destinationRow) + row, destinationRow);
            }

            TransposeRest(source, sourceRow, 4, column, columns, destination + row, destinationRow);
            source += 4 * sourceRow;
        }

        TransposeRest(source, sourceRow, rows - row, 0, columns, destination + row, destinationRow);
        for (var column = 0; column < columns; column++)
        {
            for (var i = rows; i < width; i++)
            {
                destination[(column * destinationRow) + i] = 0;
            }
        }
    }

    private static void TransposeRest(
        float* source, nint sourceRow, int rows, int firstColumn, int columns, float* destination, nint destinationRow)
    {
        for (var row = 0; row < rows; row++)
        {
            for (var column = firstColumn; column < columns; column++)
            {
                destination[(column * destinationRow) + row] = source[(row * sourceRow) + column];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4x4(float* source, nint sourceRow, float* destination, nint destinationRow)
    {
        var r0 = Vector128.Load(source);
        var r1 = Vector128.Load(source + sourceRow);
        var r2 = Vector128.Load(source + (2 * sourceRow));
        var r3 = Vector128.Load(source + (3 * sourceRow));

        // (a0 b0 a1 b1) and (c0 d0 c1 d1) hold columns 0 and 1, the others columns 2 and 3.
        var low01 = InterleaveLow(r0, r1).AsDouble();
        var low23 = InterleaveLow(r2, r3).AsDouble();
        var high01 = InterleaveHigh(r0, r1).AsDouble();
        var high23 = InterleaveHigh(r2, r3).AsDouble();
        InterleaveLow(low01, low23).AsSingle().Store(destination);
        InterleaveHigh(low01, low23).AsSingle().Store(destination + destinationRow);
        InterleaveLow(high01, high23).AsSingle().Store(destination + (2 * destinationRow));
        InterleaveHigh(high01, high23).AsSingle().Store(destination + (3 * destinationRow));
    }

    private static bool CanInterleave => Sse2.IsSupported || AdvSimd.Arm64.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> InterleaveLow(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> InterleaveHigh(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> InterleaveLow(Vector128<double> a, Vector128<double> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> InterleaveHigh(Vector128<double> a, Vector128<double> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);
}
