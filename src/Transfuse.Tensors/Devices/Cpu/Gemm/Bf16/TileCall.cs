using System.Runtime.InteropServices;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;

/// <summary>What the assembled code is told: one address in one register, whatever the system's convention.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileCall
{
    /// <summary>Pairs of depths, at least 1.</summary>
    internal nint Pairs;

    /// <summary>Packed panel of A: eight pairs for every pair of depths.</summary>
    internal byte* A;

    /// <summary>Packed panel of B: 16, 32 or 48 pairs for every pair of depths.</summary>
    internal byte* B;

    /// <summary>First element of a tile of eight rows.</summary>
    internal float* Destination;

    /// <summary>First element of what is added, or null; its rows are as far apart as the destination's.</summary>
    internal float* Addend;

    /// <summary>Bytes between rows.</summary>
    internal nint StrideInBytes;
}
