using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>Rows of a tile near each other, so that kernels read whole vectors.</summary>
internal static unsafe class PaddedRows
{
    /// <summary>
    /// destination[i, 0..width] = factor·source[i, 0..columns], zeros beyond; <paramref name="width"/> is <paramref name="columns"/>
    /// rounded up to the vector width.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Copy<T>(float* source, nint sourceRow, int rows, int columns, float factor, float* destination, int width)
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
}
