using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Activations;

/// <summary>An activation function with its derivative.</summary>
internal interface IActivation
{
    /// <summary>f(x).</summary>
    static abstract T Value<T>(T x)
        where T : unmanaged, IVector<T>;

    /// <summary>f(x), and f′(x) in <paramref name="slope"/>.</summary>
    static abstract T ValueAndSlope<T>(T x, out T slope)
        where T : unmanaged, IVector<T>;
}
