namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>One worker's room for selecting ids: the maxima of blocks, the same sorted, and candidates.</summary>
internal readonly unsafe struct TopKScratch
{
    private readonly float* _data;
    private readonly int _vocabulary;

    /// <summary>The part of <paramref name="data"/> that belongs to <paramref name="worker"/>.</summary>
    internal TopKScratch(float* data, int vocabulary, int worker)
    {
        _data = data + (Size(vocabulary) * worker);
        _vocabulary = vocabulary;
        Blocks = BlockCount(vocabulary);
    }

    /// <summary>Blocks of a row.</summary>
    internal int Blocks { get; }

    /// <summary>Largest logit of each block.</summary>
    internal float* BlockMaxima => _data;

    /// <summary>Room to sort the maxima in.</summary>
    internal Span<float> SortedMaxima => new(_data + Blocks, Blocks);

    /// <summary>Room for every id.</summary>
    internal Span<TopKCandidate> Candidates => new(_data + (2 * Blocks), _vocabulary);

    /// <summary>Float32 values that one worker needs.</summary>
    internal static nint Size(int vocabulary) =>
        (2 * BlockCount(vocabulary)) + ((nint)vocabulary * sizeof(TopKCandidate) / sizeof(float));

    private static int BlockCount(int vocabulary) => (vocabulary + LogitRow.Block - 1) / LogitRow.Block;
}
