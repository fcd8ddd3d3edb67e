using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>Where the product of two panels goes.</summary>
/// <param name="destination">First element of the tile.</param>
/// <param name="addend">First element of what is added, null for none; has the same stride.</param>
/// <param name="stride">Elements between rows.</param>
/// <param name="rows">Rows to write, at least 1.</param>
/// <param name="columns">Columns to write, at least 1.</param>
internal readonly unsafe struct GemmTile(float* destination, float* addend, nint stride, int rows, int columns)
{
    internal float* Destination { get; } = destination;

    internal float* Addend { get; } = addend;

    internal nint Stride { get; } = stride;

    internal int Rows { get; } = rows;

    internal int Columns { get; } = columns;

    /// <summary>The part from row <paramref name="row"/> on, of at most <paramref name="rows"/> rows.</summary>
    internal GemmTile From(int row, int rows) =>
        new(Destination + (row * Stride), Addend == null ? null : Addend + (row * Stride), Stride, Math.Min(rows, Rows - row), Columns);

    /// <summary>Row <paramref name="row"/> = sum + addend, if the tile has so many rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Store<TVector, TRow>(int row, TRow sum)
        where TVector : unmanaged, IVector<TVector>
        where TRow : unmanaged, ITileRow<TRow, TVector>
    {
        if (row < Rows)
        {
            TRow.Store(sum, Destination + (row * Stride), Addend == null ? null : Addend + (row * Stride));
        }
    }

    /// <summary>Writes the tile from one that was computed whole beside the matrix, whose rows are <paramref name="width"/> elements apart.</summary>
    internal void Take(float* whole, int width)
    {
        for (var row = 0; row < Rows; row++)
        {
            var source = whole + (row * width);
            var destination = Destination + (row * Stride);
            if (Addend == null)
            {
                new ReadOnlySpan<float>(source, Columns).CopyTo(new Span<float>(destination, Columns));
                continue;
            }

            var addend = Addend + (row * Stride);
            for (var column = 0; column < Columns; column++)
            {
                destination[column] = source[column] + addend[column];
            }
        }
    }
}
