using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>A whole vector.</summary>
internal readonly unsafe struct AllLanes : ILanes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Load<T>(float* source)
        where T : unmanaged, IVector<T> => T.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Load<T>(ushort* source)
        where T : unmanaged, IVector<T> => T.FromBFloat16(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<T>(T value, float* destination)
        where T : unmanaged, IVector<T> => T.Store(value, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<T>(T value, ushort* destination)
        where T : unmanaged, IVector<T> => T.StoreBFloat16(value, destination);
}
