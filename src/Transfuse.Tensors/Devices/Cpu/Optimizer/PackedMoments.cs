using Transfuse.Tensors.Optimizers;

namespace Transfuse.Tensors.Devices.Cpu.Optimizer;

/// <summary>
/// Layout of moments that are kept in fewer bits: a tensor of 32-bit words that are no float32 numbers. Bfloat16 takes half a word an element;
/// 8 bits take 64 words of codes for each block of <see cref="Block"/> elements, and behind all codes one float32 scale a block.
/// </summary>
internal static class PackedMoments
{
    /// <summary>Elements that share a scale, as in Dettmers et al. 2022 for a layer's own blocks, here smaller and so finer.</summary>
    internal const int Block = 256;

    private const int CodeWords = Block / sizeof(float);

    /// <summary>32-bit words of a moment of <paramref name="length"/> elements.</summary>
    internal static int Words(OptimizerStates states, long length)
    {
        var blocks = WorkBlocks.Blocks(length, Block);
        return checked((int)(states == OptimizerStates.Int8 ? blocks * (CodeWords + 1) : WorkBlocks.Blocks(length, 2)));
    }

    /// <summary>Where the scales begin, in words.</summary>
    internal static long Scales(long length) => WorkBlocks.Blocks(length, Block) * CodeWords;
}
