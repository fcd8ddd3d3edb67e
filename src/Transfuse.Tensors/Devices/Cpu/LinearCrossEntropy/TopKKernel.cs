using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>
/// The most probable ids of a chunk's rows: one pass that looks at single logits only where a block's largest exceeds the k-th best so far.
/// </summary>
internal readonly unsafe struct TopKKernel : IRowKernel
{
    private const int Block = 64;

    /// <summary>Number of the chunk's first row.</summary>
    internal required int FirstRow { get; init; }

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

    public void Execute<TVector>(long row, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var logits = Logits + (row * Vocabulary);
        LogitRow.Transform<TVector>(logits, Vocabulary, Options);
        var normaliser = LogitRow.LogSumExp<TVector>(logits, Vocabulary, out _);
        var index = FirstRow + (int)row;
        var label = Labels.Span[index];
        LabelLogProbabilities.Span[index] = label < 0 ? 0 : (float)(logits[label] - normaliser);
        if (K > 0)
        {
            Select<TVector>(index, logits, normaliser);
        }
    }

    private void Select<TVector>(int row, float* logits, double normaliser)
        where TVector : unmanaged, IVector<TVector>
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

        var best = new TopKHeap(ids, logProbabilities);
        for (var id = 0; id < K; id++)
        {
            best.Add(id, logits[id]);
        }

        for (var start = K; start < Vocabulary; start += Block)
        {
            Scan<TVector>(logits, start, Math.Min(start + Block, Vocabulary), ref best);
        }

        best.Sort();
        for (var i = 0; i < K; i++)
        {
            logProbabilities[i] = (float)(logProbabilities[i] - normaliser);
        }
    }

    private static void Scan<TVector>(float* logits, int start, int end, ref TopKHeap best)
        where TVector : unmanaged, IVector<TVector>
    {
        if (LogitRow.Maximum<TVector>(logits + start, end - start) <= best.Worst)
        {
            return;
        }

        for (var id = start; id < end; id++)
        {
            // A later id never wins a tie.
            if (logits[id] > best.Worst)
            {
                best.ReplaceWorst(id, logits[id]);
            }
        }
    }
}
