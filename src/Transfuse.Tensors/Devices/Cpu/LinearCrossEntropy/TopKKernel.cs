using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>The most probable ids of a chunk's rows from those that each thread has found. Traffic: 8 bytes for each of a thread's k, in a cache.</summary>
internal readonly unsafe struct TopKKernel(TopKChunk chunk, Memory<int> ids, Memory<float> logProbabilities, Memory<float> labelLogProbabilities) : IRowKernel
{
    public void Execute<TVector>(long row, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (_, normaliser) = LogitPart.LogSumExp(new ReadOnlySpan<LogitPart>(chunk.Parts + (row * chunk.PartCount), chunk.PartCount));
        var index = chunk.FirstRow + (int)row;
        labelLogProbabilities.Span[index] = chunk.Labels.Span[index] < 0 ? 0 : (float)(chunk.LabelLogits[row] - normaliser);
        Select(row, ids.Span.Slice(index * chunk.K, chunk.K), logProbabilities.Span.Slice(index * chunk.K, chunk.K), normaliser);
    }

    private void Select(long row, Span<int> best, Span<float> values, double normaliser)
    {
        if (!double.IsFinite(normaliser))
        {
            // No order among these: the caller sees the row by its values.
            for (var i = 0; i < best.Length; i++)
            {
                best[i] = i;
            }

            values.Fill(float.NaN);
            return;
        }

        var heap = new TopKHeap(best, values);
        for (var worker = 0; worker < chunk.Workers && best.Length > 0; worker++)
        {
            for (var i = 0; i < chunk.Counts[(row * chunk.Workers) + worker]; i++)
            {
                var (id, logit) = chunk.BestAt(row, worker, i);
                heap.Offer(id, logit);
            }
        }

        heap.Sort();
        foreach (ref var value in values)
        {
            value = (float)(value - normaliser);
        }
    }
}
