using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>
/// A function of corresponding elements of a few matrices, as a struct that holds the matrices; <see cref="ElementwiseBody{TKernel}"/>
/// is the one loop around all of them.
/// </summary>
internal interface IElementwiseKernel
{
    /// <summary>Computes one vector of elements.</summary>
    /// <param name="row">Row of the elements.</param>
    /// <param name="column">Column of the first element.</param>
    /// <param name="lanes">Which lanes to touch.</param>
    void Apply<TVector, TLanes>(long row, long column, TLanes lanes)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes;
}
