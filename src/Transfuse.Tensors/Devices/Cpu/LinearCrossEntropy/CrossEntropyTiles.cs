using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>
/// Takes logits while they are in a cache: those of label and teacher are taken out and kept, of the others the largest and the sum of exponentials are, and for
/// the gradient the exponentials themselves, each 4 or 2 bytes. Nothing else is written to memory.
/// </summary>
internal readonly unsafe struct CrossEntropyTiles<TGradient>(CrossEntropyChunk<TGradient> chunk) : ITileReader
    where TGradient : struct, IOperand
{
    public void Read<TVector>(in GemmTile tile, int row, int column, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        for (var i = 0; i < tile.Rows; i++)
        {
            var logits = tile.Destination + (i * tile.Stride);
            LogitRow.Transform<TVector>(logits, tile.Columns, chunk.Options);
            TakeOut(row + i, logits, column, tile.Columns);
            chunk.Parts[((nint)(row + i) * chunk.PartCount) + (column / chunk.PartColumns)] = Summarise<TVector>(row + i, logits, column, tile.Columns);
        }
    }

    private LogitPart Summarise<TVector>(int row, float* logits, int column, int count)
        where TVector : unmanaged, IVector<TVector>
    {
        var maximum = LogitRow.Maximum<TVector>(logits, count);
        var shift = LogitRow.Shift(maximum);
        if (!chunk.WantsGradient)
        {
            return new LogitPart(maximum, LogitRow.SumExp<TVector>(logits, count, shift));
        }

        var sum = chunk.Options.SoftCap > 0
            ? LogitRow.StoreExp<TVector, TGradient, CappedSlope>(logits, count, shift, new(1 / chunk.Options.SoftCap), chunk.Gradient, row, column)
            : LogitRow.StoreExp<TVector, TGradient, PlainSlope>(logits, count, shift, default, chunk.Gradient, row, column);
        return new LogitPart(maximum, sum);
    }

    // Moves the logits of teacher and label to where they are kept and leaves −∞ in their places. An id may be both: all are read before any is overwritten.
    private void TakeOut(int row, float* logits, int column, int count)
    {
        var slots = chunk.Slots;
        var ids = new ReadOnlySpan<long>(chunk.Ids + ((nint)row * slots), slots);
        var first = ids.BinarySearch((long)column << 32);
        first = first < 0 ? ~first : first;
        var end = (long)(column + count) << 32;
        var kept = chunk.Kept + ((nint)row * slots);
        for (var i = first; i < slots && ids[i] < end; i++)
        {
            kept[(int)ids[i]] = logits[(ids[i] >> 32) - column];
        }

        for (var i = first; i < slots && ids[i] < end; i++)
        {
            logits[(ids[i] >> 32) - column] = float.NegativeInfinity;
        }
    }
}
