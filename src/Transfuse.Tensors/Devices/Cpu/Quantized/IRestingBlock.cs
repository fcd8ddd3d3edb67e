using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>
/// How the elements of one type are read a vector at a time while they are multiplied: the same values, and the same order of sums, as if the
/// row had been widened first, so that the result has the same bits.
/// </summary>
internal unsafe interface IRestingBlock
{
    /// <summary>Elements of a block; a multiple of every vector's lanes.</summary>
    static abstract int BlockElements { get; }

    /// <summary>Bytes of a block.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>sum + Σ a·x, lane by lane, over a block.</summary>
    /// <param name="block">The block.</param>
    /// <param name="a">The factors of its elements.</param>
    /// <param name="sum">What is added to.</param>
    static abstract TVector Add<TVector>(byte* block, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>;

    /// <summary>Σ a·x of four rows, lane by lane, where the type has a faster way for vectors of this kind than block after block.</summary>
    /// <param name="rows">Four rows; the next four of the weight are asked for ahead.</param>
    /// <param name="blocks">Blocks of a row.</param>
    /// <param name="a">The factors.</param>
    /// <param name="sums">Receives four sums, each formed in the order of <see cref="Add"/>.</param>
    /// <returns>False if nothing was done.</returns>
    static virtual bool TryAddRows<TVector>(byte** rows, int blocks, float* a, TVector* sums)
        where TVector : unmanaged, IVector<TVector> => false;
}
