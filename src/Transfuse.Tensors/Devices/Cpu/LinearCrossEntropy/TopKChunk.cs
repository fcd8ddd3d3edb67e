using Transfuse.Tensors.Devices.Cpu.Gemm;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>Rows whose best ids are looked for together, and what is kept of their logits, which are nowhere stored themselves.</summary>
internal readonly unsafe struct TopKChunk
{
    /// <summary>Number of the chunk's first row.</summary>
    internal required int FirstRow { get; init; }

    /// <summary>Rows of the chunk.</summary>
    internal required int Count { get; init; }

    /// <summary>Size of the vocabulary.</summary>
    internal required int Vocabulary { get; init; }

    /// <summary>Scale and cap of the logits.</summary>
    internal required HeadOptions Options { get; init; }

    /// <summary>How many ids of each row.</summary>
    internal required int K { get; init; }

    /// <summary>Gold ids of all rows.</summary>
    internal required ReadOnlyMemory<int> Labels { get; init; }

    /// <summary>Logits of a part.</summary>
    internal required int PartColumns { get; init; }

    /// <summary>Threads, each of which has best ids of its own.</summary>
    internal required int Workers { get; init; }

    /// <summary>The parts of each row [Count, PartCount].</summary>
    internal LogitPart* Parts { get; private init; }

    /// <summary>Logits of the gold ids [Count].</summary>
    internal float* LabelLogits { get; private init; }

    /// <summary>How many ids each thread has of each row [Count, Workers].</summary>
    internal int* Counts { get; private init; }

    /// <summary>Parts of a row.</summary>
    internal int PartCount => GemmPlan.Parts(Vocabulary, PartColumns);

    /// <summary>Floats that a row takes beside its parts.</summary>
    internal static long RowFloats(int k, int workers) => 1 + (workers * (1 + (2L * k)));

    /// <summary>The chunk with what it keeps in a room for that.</summary>
    internal TopKChunk In(float* room)
    {
        var labels = room + (2L * Count * PartCount);
        return this with { Parts = (LogitPart*)room, LabelLogits = labels, Counts = (int*)(labels + Count) };
    }

    /// <summary>The best ids of a row that a thread has seen; the thread puts their number back into <see cref="Counts"/>.</summary>
    internal TopKHeap Best(long row, int worker)
    {
        var at = (row * Workers) + worker;
        var ids = Counts + ((long)Count * Workers) + (2 * at * K);
        return new TopKHeap(new Span<int>(ids, K), new Span<float>(ids + K, K), Counts[at]);
    }

    /// <summary>The ids of <see cref="Best"/> and their logits, in no order.</summary>
    internal (int Id, float Logit) BestAt(long row, int worker, int index)
    {
        var ids = Counts + ((long)Count * Workers) + (2 * ((row * Workers) + worker) * K);
        return (ids[index], ((float*)ids)[K + index]);
    }
}
