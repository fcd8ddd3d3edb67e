using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Activations;

/// <summary>f = x·σ(x), f′ = σ + x·σ(1 − σ).</summary>
internal readonly struct Silu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : unmanaged, IVector<T> => x * VectorMath.Sigmoid(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ValueAndSlope<T>(T x, out T slope)
        where T : unmanaged, IVector<T>
    {
        var sigmoid = VectorMath.Sigmoid(x);
        var value = x * sigmoid;
        slope = T.MultiplyAdd(value, T.Create(1) - sigmoid, sigmoid);
        return value;
    }
}
