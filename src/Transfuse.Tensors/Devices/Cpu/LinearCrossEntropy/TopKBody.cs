using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>
/// The most probable ids of a chunk's rows. The k-th largest of the blocks' maxima is no larger than the k-th largest logit, so only blocks
/// and logits that reach it are looked at.
/// </summary>
internal readonly unsafe struct TopKBody : ITierBody
{
    /// <summary>Number of the chunk's first row.</summary>
    internal required int FirstRow { get; init; }

    /// <summary>Rows of the chunk.</summary>
    internal required int Count { get; init; }

    /// <summary>Rows that one task does.</summary>
    internal required int RowsPerTask { get; init; }

    /// <summary>Logits of the chunk before scale and cap [Count, Vocabulary].</summary>
    internal required float* Logits { get; init; }

    /// <summary>Size of the vocabulary.</summary>
    internal required int Vocabulary { get; init; }

    /// <summary>Scale and cap of the logits.</summary>
    internal required HeadOptions Options { get; init; }

    /// <summary>How many ids of each row.</summary>
    internal required int K { get; init; }

    /// <summary>Gold ids of all rows.</summary>
    internal required ReadOnlyMemory<int> Labels { get; init; }

    /// <summary>Receives the ids of all rows.</summary>
    internal required Memory<int> Ids { get; init; }

    /// <summary>Receives the log-probabilities of all rows.</summary>
    internal required Memory<float> LogProbabilities { get; init; }

    /// <summary>Receives the gold ids' log-probabilities.</summary>
    internal required Memory<float> LabelLogProbabilities { get; init; }

    /// <summary>Room of <see cref="TopKScratch.Size"/> for each worker.</summary>
    internal required float* Scratch { get; init; }

    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var scratch = new TopKScratch(Scratch, Vocabulary, worker);
        var end = Math.Min((task + 1) * RowsPerTask, Count);
        for (var i = task * RowsPerTask; i < end; i++)
        {
            var logits = Logits + ((nint)i * Vocabulary);
            LogitRow.Transform<TVector>(logits, Vocabulary, Options);
            var normaliser = LogitRow.LogSumExp<TVector>(logits, Vocabulary, out _, scratch.BlockMaxima);
            var row = FirstRow + i;
            var label = Labels.Span[row];
            LabelLogProbabilities.Span[row] = label < 0 ? 0 : (float)(logits[label] - normaliser);
            if (K > 0)
            {
                Select(row, logits, normaliser, scratch);
            }
        }
    }

    private void Select(int row, float* logits, double normaliser, TopKScratch scratch)
    {
        var ids = Ids.Span.Slice(row * K, K);
        var logProbabilities = LogProbabilities.Span.Slice(row * K, K);
        if (!double.IsFinite(normaliser))
        {
            // No order among these: the caller sees the row by its values.
            for (var i = 0; i < K; i++)
            {
                ids[i] = i;
            }

            logProbabilities.Fill(float.NaN);
            return;
        }

        var candidates = Collect(logits, Threshold(scratch), scratch);
        candidates.Sort();
        for (var i = 0; i < K; i++)
        {
            ids[i] = candidates[i].Id;
            logProbabilities[i] = (float)(candidates[i].Logit - normaliser);
        }
    }

    private float Threshold(TopKScratch scratch)
    {
        if (K > scratch.Blocks)
        {
            return float.NegativeInfinity;
        }

        var maxima = scratch.SortedMaxima;
        new ReadOnlySpan<float>(scratch.BlockMaxima, scratch.Blocks).CopyTo(maxima);
        maxima.Sort();
        return maxima[scratch.Blocks - K];
    }

    private Span<TopKCandidate> Collect(float* logits, float threshold, TopKScratch scratch)
    {
        var candidates = scratch.Candidates;
        var count = 0;
        for (var block = 0; block < scratch.Blocks; block++)
        {
            if (scratch.BlockMaxima[block] < threshold)
            {
                continue;
            }

            var end = Math.Min((block + 1) * LogitRow.Block, Vocabulary);
            for (var id = block * LogitRow.Block; id < end; id++)
            {
                if (logits[id] >= threshold)
                {
                    candidates[count++] = new TopKCandidate(logits[id], id);
                }
            }
        }

        return candidates[..count];
    }
}
