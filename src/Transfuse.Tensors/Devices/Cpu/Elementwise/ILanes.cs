using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>Which lanes of a vector an elementwise kernel touches: all of them, or at the end of a row the first few.</summary>
internal unsafe interface ILanes
{
    /// <summary>Reads the lanes; untouched lanes are 0.</summary>
    T Load<T>(float* source)
        where T : unmanaged, IVector<T>;

    /// <summary>Reads the lanes of bfloat16 numbers; untouched lanes are 0.</summary>
    T Load<T>(ushort* source)
        where T : unmanaged, IVector<T>;

    /// <summary>Writes the lanes.</summary>
    void Store<T>(T value, float* destination)
        where T : unmanaged, IVector<T>;

    /// <summary>Writes the lanes rounded to bfloat16.</summary>
    void Store<T>(T value, ushort* destination)
        where T : unmanaged, IVector<T>;
}
