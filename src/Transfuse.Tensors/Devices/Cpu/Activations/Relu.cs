using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Activations;

/// <summary>f = max(x, 0); f′ = 1 where x > 0, else 0.</summary>
internal readonly struct Relu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : unmanaged, IVector<T> => T.Max(x, T.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ValueAndSlope<T>(T x, out T slope)
        where T : unmanaged, IVector<T>
    {
        slope = T.SelectLess(T.Zero, x, T.Create(1), T.Zero);
        return T.Max(x, T.Zero);
    }
}
