using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Activations;

/// <summary>
/// f = ½x(1 + tanh z) with z = √(2/π)(x + 0.044715x³), computed as x·σ(2z), which keeps the lower tail's precision;
/// f′ = σ + 2x·σ(1 − σ)·z′.
/// </summary>
internal readonly struct GeluTanh : IActivation
{
    // 2√(2/π) and its product with 0.044715.
    private const float Linear = 1.595769122f;
    private const float Cubic = 0.0713548162726f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T x)
        where T : unmanaged, IVector<T> => x * VectorMath.Sigmoid(TwiceZ(x, x * x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ValueAndSlope<T>(T x, out T slope)
        where T : unmanaged, IVector<T>
    {
        var square = x * x;
        var sigmoid = VectorMath.Sigmoid(TwiceZ(x, square));
        var value = x * sigmoid;
        var derivative = T.MultiplyAdd(T.Create(3 * Cubic), square, T.Create(Linear));
        slope = T.MultiplyAdd(value * (T.Create(1) - sigmoid), derivative, sigmoid);
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T TwiceZ<T>(T x, T square)
        where T : unmanaged, IVector<T> => x * T.MultiplyAdd(T.Create(Cubic), square, T.Create(Linear));
}
