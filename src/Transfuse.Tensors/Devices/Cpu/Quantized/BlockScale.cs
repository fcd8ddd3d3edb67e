using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>The half-precision scale of a block, read often enough to be worth a short way.</summary>
internal static unsafe class BlockScale
{
    private const int Exponent = 1 << 23;

    /// <summary>The number at <paramref name="address"/>, exactly.</summary>
    /// <remarks>Without a call, which would make the loops around it keep their vectors in memory.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Read(byte* address)
    {
        int half = *(short*)address;
        var magnitude = (half << 13) & 0x0FFF_E000;
        int bits;
        if ((uint)(magnitude - Exponent) < 30 * Exponent)
        {
            // From an exponent with a bias of 15 to one of 127.
            bits = magnitude + (112 * Exponent);
        }
        else if (magnitude < Exponent)
        {
            // Zero and subnormal numbers, counted from 2⁻¹⁴ on.
            bits = BitConverter.SingleToInt32Bits(BitConverter.Int32BitsToSingle(magnitude + (113 * Exponent)) - (1f / 16384));
        }
        else
        {
            bits = magnitude | 0x7F80_0000;
        }

        return BitConverter.Int32BitsToSingle(bits | (half & int.MinValue));
    }

    /// <summary>The numbers at four addresses, exactly, one behind the other from <paramref name="scales"/> on.</summary>
    /// <remarks>Without a branch: scales of blocks of 256 are often about as small as the smallest normal half.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Read(byte* first, byte* second, byte* third, byte* fourth, float* scales) => Simd128.Store(
        Simd128.FromHalf(Vector128.Create((int)*(ushort*)first, *(ushort*)second, *(ushort*)third, *(ushort*)fourth)), scales);
}
