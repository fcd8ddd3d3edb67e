using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>The first <paramref name="count"/> lanes of a vector.</summary>
internal readonly unsafe struct FirstLanes(int count) : ILanes
{
    private readonly int _count = count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Load<T>(float* source)
        where T : unmanaged, IVector<T> => T.LoadPartial(source, _count, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<T>(T value, float* destination)
        where T : unmanaged, IVector<T> => T.StorePartial(value, destination, _count);
}
