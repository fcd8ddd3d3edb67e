using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Activations;

/// <summary>f = x·Φ(x), f′ = Φ(x) + x·φ(x) (Hendrycks and Gimpel 2016).</summary>
internal readonly struct Gelu : IActivation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : unmanaged, IVector<T> => x * VectorMath.NormalCdf(x, out _);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ValueAndSlope<T>(T x, out T slope)
        where T : unmanaged, IVector<T>
    {
        var cdf = VectorMath.NormalCdf(x, out var density);
        slope = T.MultiplyAdd(x, density, cdf);
        return x * cdf;
    }
}
