using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>Asks for rows of a resting weight before they are needed.</summary>
internal static unsafe class RowPrefetch
{
    /// <summary>Asks for <paramref name="bytes"/> bytes of four rows. Addresses may lie past the end of the weight.</summary>
    /// <remarks>Rows are too short for the processor to see four streams in them.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Fetch(byte* row0, byte* row1, byte* row2, byte* row3, nint bytes)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        for (nint line = 0; line < bytes; line += CacheLine.Bytes)
        {
            Sse.Prefetch1(row0 + line);
            Sse.Prefetch1(row1 + line);
            Sse.Prefetch1(row2 + line);
            Sse.Prefetch1(row3 + line);
        }
    }
}
