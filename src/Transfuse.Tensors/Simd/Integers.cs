using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Transfuse.Tensors.Simd;

/// <summary>Small integers in memory as 32-bit integers in the lanes of a vector.</summary>
internal static unsafe class Integers
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> Signed128(sbyte* source) => Sse41.IsSupported
        ? Sse41.ConvertToVector128Int32(source)
        : Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(*(int*)source).AsSByte()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Signed256(sbyte* source) => Avx2.IsSupported
        ? Avx2.ConvertToVector256Int32(source)
        : Vector256.Create(Signed128(source), Signed128(source + 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<int> Signed512(sbyte* source) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector128.Load(source))
        : Vector512.Create(Signed256(source), Signed256(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> Unsigned128(byte* source) => Sse41.IsSupported
        ? Sse41.ConvertToVector128Int32(source)
        : Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(*(int*)source).AsByte())).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Unsigned256(byte* source) => Avx2.IsSupported
        ? Avx2.ConvertToVector256Int32(source)
        : Vector256.Create(Unsigned128(source), Unsigned128(source + 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<int> Unsigned512(byte* source) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector128.Load(source))
        : Vector512.Create(Unsigned256(source), Unsigned256(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> Unsigned128(ushort* source) => Sse41.IsSupported
        ? Sse41.ConvertToVector128Int32(source)
        : Vector128.WidenLower(Vector128.CreateScalar(*(long*)source).AsUInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> Unsigned256(ushort* source) => Avx2.IsSupported
        ? Avx2.ConvertToVector256Int32(source)
        : Vector256.Create(Unsigned128(source), Unsigned128(source + 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<int> Unsigned512(ushort* source) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector256.Load(source))
        : Vector512.Create(Unsigned256(source), Unsigned256(source + 8));
}
