using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>The derivative of a logit's cap, times an exponential; a type of its own each, so that loops without a cap do nothing for it.</summary>
internal interface ILogitSlope
{
    /// <summary>e·slope(z), where <paramref name="z"/> is the logit after the cap, −∞ for one that was taken out.</summary>
    T Multiply<T>(T e, T z)
        where T : unmanaged, IVector<T>;
}

/// <summary>No cap: 1.</summary>
internal readonly struct PlainSlope : ILogitSlope
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Multiply<T>(T e, T z)
        where T : unmanaged, IVector<T> => e;
}

/// <summary>1 − (z/cap)².</summary>
/// <param name="inverseCap">1/cap.</param>
internal readonly struct CappedSlope(float inverseCap) : ILogitSlope
{
    private readonly float _inverseCap = inverseCap;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Multiply<T>(T e, T z)
        where T : unmanaged, IVector<T>
    {
        var t = T.SelectLess(z, T.Create(float.MinValue), T.Zero, z) * T.Create(_inverseCap);
        return e * (T.Create(1) - (t * t));
    }
}
