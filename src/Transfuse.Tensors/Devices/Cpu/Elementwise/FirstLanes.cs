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

    public T Load<T>(ushort* source)
        where T : unmanaged, IVector<T>
    {
        var lanes = stackalloc ushort[T.Count];
        for (var i = 0; i < T.Count; i++)
        {
            lanes[i] = i < _count ? source[i] : (ushort)0;
        }

        return T.FromBFloat16(lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<T>(T value, float* destination)
        where T : unmanaged, IVector<T> => T.StorePartial(value, destination, _count);

    public void Store<T>(T value, ushort* destination)
        where T : unmanaged, IVector<T>
    {
        var lanes = stackalloc ushort[T.Count];
        T.StoreBFloat16(value, lanes);
        for (var i = 0; i < _count; i++)
        {
            destination[i] = lanes[i];
        }
    }
}
