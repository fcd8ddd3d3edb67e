using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Transfuse.Tensors.Devices.Cpu;

/// <summary>Asks for rows before they are needed. Addresses may lie past the end of what there is.</summary>
internal static unsafe class RowPrefetch
{
    /// <summary>Asks for <paramref name="bytes"/> bytes of four rows.</summary>
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
