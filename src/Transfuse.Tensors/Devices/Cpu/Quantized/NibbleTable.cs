using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>
/// The sixteen values that a nibble of a block can stand for, in the lanes of one 512-bit register. Looking a value up takes one shuffle, which
/// reads just the nibble, in place of a mask, a conversion and the arithmetic of the scale, and gives the same bits.
/// </summary>
internal static unsafe class NibbleTable
{
    /// <summary>Whether the processor looks up sixteen values at a time.</summary>
    internal static bool IsSupported => Avx512F.IsSupported;

    /// <summary>0, 1, …, 15.</summary>
    internal static Vector512<float> Nibbles
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(0f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    }

    /// <summary>sum + Σ a·x, lane by lane, over the values that the lowest four bits of <paramref name="nibbles"/> look up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Add(Vector512<float> table, Vector512<int> nibbles, float* a, Vector512<float> sum) =>
        Vector512.FusedMultiplyAdd(Vector512.Load(a), Avx512F.PermuteVar16x32(table, nibbles), sum);
}
