using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>Who takes the output of a product part by part while it lies in a cache; see <see cref="StreamedGemm"/>.</summary>
internal interface ITileReader
{
    /// <summary>Takes one part; parts come from several threads at once, in any order.</summary>
    /// <param name="tile">The part, which the reader may change.</param>
    /// <param name="row">The output's row that is its first.</param>
    /// <param name="column">The output's column that is its first.</param>
    /// <param name="worker">Index of the thread: selects memory only.</param>
    void Read<TVector>(in GemmTile tile, int row, int column, int worker)
        where TVector : unmanaged, IVector<TVector>;
}
