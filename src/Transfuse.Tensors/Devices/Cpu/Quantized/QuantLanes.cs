using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>Sixteen small integers to float32 at once. Product and sum round one after the other, as in scalar code.</summary>
internal static class QuantLanes
{
    /// <summary>Elements of a step.</summary>
    internal const int Count = 16;

    /// <summary>Adding −0 changes no bits, not even those of −0.</summary>
    internal const float Nothing = -0f;

    /// <summary>Sixteen bytes from the start of a span.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Load(ReadOnlySpan<byte> bytes) => Vector128.Create(bytes[..Count]);

    /// <summary>x = (q + offset)·scale + addend.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(Vector128<byte> q, int offset, float scale, float addend, Span<float> x)
    {
        if (Avx512F.IsSupported)
        {
            Store(Avx512F.ConvertToVector512Int32(q) + Vector512.Create(offset), scale, addend, x);
            return;
        }

        var (lower, upper) = Vector256.Widen(Vector256.WidenLower(q.ToVector256Unsafe()));
        Store(lower.AsInt32() + Vector256.Create(offset), scale, addend, x);
        Store(upper.AsInt32() + Vector256.Create(offset), scale, addend, x[Vector256<int>.Count..]);
    }

    /// <summary>x = q·scale for signed bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreSigned(Vector128<byte> q, float scale, Span<float> x)
    {
        if (Avx512F.IsSupported)
        {
            Store(Avx512F.ConvertToVector512Int32(q.AsSByte()), scale, Nothing, x);
            return;
        }

        var (lower, upper) = Vector256.Widen(Vector256.WidenLower(q.AsSByte().ToVector256Unsafe()));
        Store(lower, scale, Nothing, x);
        Store(upper, scale, Nothing, x[Vector256<int>.Count..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<int> q, float scale, float addend, Span<float> x) =>
        ((Vector256.ConvertToSingle(q) * Vector256.Create(scale)) + Vector256.Create(addend)).CopyTo(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<int> q, float scale, float addend, Span<float> x) =>
        ((Vector512.ConvertToSingle(q) * Vector512.Create(scale)) + Vector512.Create(addend)).CopyTo(x);
}
