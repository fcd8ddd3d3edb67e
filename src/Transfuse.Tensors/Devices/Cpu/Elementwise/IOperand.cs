using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>A matrix whose elements an elementwise kernel computes with in float32, however they are stored.</summary>
internal interface IOperand
{
    /// <summary>Reads elements.</summary>
    TVector Load<TVector, TLanes>(TLanes lanes, long row, long column)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes;

    /// <summary>Writes elements.</summary>
    void Store<TVector, TLanes>(TVector value, TLanes lanes, long row, long column)
        where TVector : unmanaged, IVector<TVector>
        where TLanes : struct, ILanes;
}
