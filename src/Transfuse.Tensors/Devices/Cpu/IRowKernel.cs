using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu;

/// <summary>What is done to each row of a matrix by itself; <see cref="RowsBody{TKernel}"/> is the one loop around all of them.</summary>
internal interface IRowKernel
{
    /// <summary>Does row <paramref name="row"/> with vectors of type <typeparamref name="TVector"/>.</summary>
    /// <param name="row">The row.</param>
    /// <param name="worker">Index of the thread: selects scratch memory only.</param>
    void Execute<TVector>(long row, int worker)
        where TVector : unmanaged, IVector<TVector>;
}
