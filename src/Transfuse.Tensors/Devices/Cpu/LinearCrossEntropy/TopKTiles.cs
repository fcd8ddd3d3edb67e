using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>
/// Takes logits while they are in a cache: the largest of a part and the sum of its exponentials, the gold id's, and the best ids that this thread has seen. Single
/// logits are looked at only where the largest of a few is among the best so far.
/// </summary>
internal readonly unsafe struct TopKTiles(TopKChunk chunk) : ITileReader
{
    private const int Block = 64;

    public void Read<TVector>(in GemmTile tile, int row, int column, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var labels = chunk.Labels.Span.Slice(chunk.FirstRow + row, tile.Rows);
        for (var i = 0; i < tile.Rows; i++)
        {
            var logits = tile.Destination + (i * tile.Stride);
            LogitRow.Transform<TVector>(logits, tile.Columns, chunk.Options);
            var maximum = LogitRow.Maximum<TVector>(logits, tile.Columns);
            chunk.Parts[((nint)(row + i) * chunk.PartCount) + (column / chunk.PartColumns)] =
                new LogitPart(maximum, LogitRow.SumExp<TVector>(logits, tile.Columns, LogitRow.Shift(maximum)));
            if (labels[i] >= column && labels[i] < column + tile.Columns)
            {
                chunk.LabelLogits[row + i] = logits[labels[i] - column];
            }

            if (chunk.K > 0)
            {
                Select<TVector>(row + i, logits, maximum, column, tile.Columns, worker);
            }
        }
    }

    private void Select<TVector>(int row, float* logits, float maximum, int column, int count, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var best = chunk.Best(row, worker);
        if (best.IsBeyond(maximum))
        {
            return;
        }

        for (var start = 0; start < count; start += Block)
        {
            var end = Math.Min(start + Block, count);
            if (best.IsBeyond(LogitRow.Maximum<TVector>(logits + start, end - start)))
            {
                continue;
            }

            for (var i = start; i < end; i++)
            {
                best.Offer(column + i, logits[i]);
            }
        }

        chunk.Counts[((nint)row * chunk.Workers) + worker] = best.Count;
    }
}
