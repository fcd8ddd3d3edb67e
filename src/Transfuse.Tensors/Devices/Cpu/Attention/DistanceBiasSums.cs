using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>
/// The gradient of a <see cref="DistanceBias"/>: for each block of keys and head one sum a bucket, in double. A block is one worker's, and
/// the blocks are added up in their order, so the result does not depend on the number of threads.
/// </summary>
internal readonly unsafe struct DistanceBiasSums
{
    private readonly double* _sums;
    private readonly DistanceBias _bias;
    private readonly long _blocks;
    private readonly int _heads;

    internal DistanceBiasSums(AttentionOptions options, DistanceBias bias, long blocks, void* memory)
    {
        _sums = (double*)memory;
        _bias = bias;
        _blocks = blocks;
        _heads = options.QueryHeads;
        NativeMemory.Clear(memory, (nuint)SizeInBytes(options, blocks));
    }

    /// <summary>Whether the gradient is wanted.</summary>
    internal bool Exist => _sums != null;

    /// <summary>Memory needed.</summary>
    internal static long SizeInBytes(AttentionOptions options, long blocks) =>
        checked(blocks * options.QueryHeads * options.RelativeBias!.Count * sizeof(double));

    /// <summary>Adds the score gradients of a tile.</summary>
    /// <param name="block">The block of keys.</param>
    /// <param name="head">The query head.</param>
    /// <param name="firstDistance">Distance of the first query from the first key.</param>
    /// <param name="keyCount">Number of keys.</param>
    /// <param name="width">Number of queries rounded up to the vector width.</param>
    /// <param name="scoreGradients">dS, a row a key; 0 for queries beyond the last.</param>
    /// <param name="byDistance">Scratch memory of twice the tile's size.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Add<T>(int block, int head, int firstDistance, int keyCount, int width, float* scoreGradients, float* byDistance)
        where T : unmanaged, IVector<T>
    {
        var distances = width + keyCount - 1;
        new Span<float>(byDistance, distances).Clear();
        for (var key = 0; key < keyCount; key++)
        {
            var sums = byDistance + keyCount - 1 - key;
            for (var column = 0; column < width; column += T.Count)
            {
                T.Store(T.Load(sums + column) + T.Load(scoreGradients + (key * ScoreTile.RowStride) + column), sums + column);
            }
        }

        var buckets = _sums + ((((long)block * _heads) + head) * _bias.Count);
        for (var i = 0; i < distances; i++)
        {
            buckets[_bias.Bucket(firstDistance - keyCount + 1 + i)] += byDistance[i];
        }
    }

    /// <summary>Adds all blocks to <paramref name="gradient"/> [buckets, heads].</summary>
    internal void AddTo(Tensor gradient)
    {
        for (var head = 0; head < _heads; head++)
        {
            for (var bucket = 0; bucket < _bias.Count; bucket++)
            {
                var sum = 0.0;
                for (var block = 0L; block < _blocks; block++)
                {
                    sum += _sums[(((block * _heads) + head) * _bias.Count) + bucket];
                }

                gradient.Data[((nint)bucket * _heads) + head] += (float)sum;
            }
        }
    }
}
